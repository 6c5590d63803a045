import React from 'react';

import { Desk } from '../desk';
import { Item } from '../protocol';
import { Button, Plain, Trouble } from './common';

const VERDICTS: Record<string, string> = {
  passed: '✓ ',
  towards: '✓ ',
  attested: '· ',
  failed: '✗ '
};

/** The check in place: one question at a time, answered by what execution says. */
export function CheckView(props: { desk: Desk; target: string; before?: boolean }): JSX.Element | null {
  const { desk, target } = props;
  const key = desk.key(target, 'answer');
  const [item, setItem] = React.useState<Item | null>(null);
  const [answer, setAnswer] = React.useState(desk.typed.get(key));
  const [trouble, setTrouble] = React.useState('');
  const box = React.useRef<HTMLInputElement>(null);
  const asked = !!item && !item.verdict && !item.over;
  React.useEffect(() => {
    if (asked) {
      box.current?.focus();
    }
  }, [asked]);
  if (!desk.can('check')) {
    return null;
  }
  const go = async (given?: string) => {
    const done = await desk.act({ do: 'check', target, ...(given === undefined ? {} : { answer: given }) });
    setTrouble(done.ok === false ? [done.what, done.remedy].filter(Boolean).join('. ') : '');
    if (done.ok !== false) {
      setItem(done.item ?? null);
      if (given !== undefined) {
        desk.typed.drop(key);
        setAnswer('');
      }
    }
  };
  const busy = desk.doing !== null;
  return (
    <form
      className="jp-ComprehendNb-check"
      aria-label={`Check of ${target}`}
      onSubmit={event => {
        event.preventDefault();
        void go(answer);
      }}
    >
      <div aria-live="polite">
        {item ? <Plain text={(VERDICTS[item.verdict ?? ''] ?? '') + item.text} className="jp-mod-answer" /> : null}
      </div>
      {asked ? (
        <div className="jp-ComprehendNb-buttons">
          <input
            ref={box}
            className="jp-mod-styled"
            aria-label="Your answer"
            value={answer}
            onChange={event => {
              setAnswer(event.target.value);
              desk.typed.set(key, event.target.value);
            }}
          />
          <button
            type="submit"
            className="jp-ComprehendNb-button jp-mod-main"
            title="It is compared with what really running it gives"
            disabled={busy || !answer.trim()}
          >
            Answer
          </button>
        </div>
      ) : item?.over ? null : (
        <Button
          label={item ? 'Next question' : props.before ? 'Predict' : 'Check me'}
          tip={
            props.before
              ? 'Say what it will give, before it runs'
              : 'A question whose answer comes from really running it'
          }
          disabled={busy}
          onClick={() => void go()}
        />
      )}
      <Trouble what={trouble} />
    </form>
  );
}
