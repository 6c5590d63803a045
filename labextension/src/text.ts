/* eslint-disable no-control-regex, no-misleading-character-class -- these are the characters meant */
/**
 * Text from a model, from data or from another person, made safe to show as text.
 *
 * The kernel strips the same; this is the second net, for what a kernel of another make may send.
 */
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|\ud83c[\udffb-\udfff]{3,}|\udb40[\udc00-\udfff]/g;

export function plain(text: string | undefined | null): string {
  return (text ?? '').replace(HIDDEN, '');
}

/** `text` in at most `most` characters. */
export function short(text: string | undefined, most: number): string {
  const clean = plain(text);
  return clean.length > most ? `${clean.slice(0, most - 1)}…` : clean;
}

export function money(usd: number): string {
  return `$${usd.toFixed(usd < 0.1 ? 4 : 2)}`;
}

/** `3 drafts`, `1 draft`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
}
