import { ISignal } from '@lumino/signaling';
import React from 'react';

import { IDoing } from '../desk';
import { plain } from '../text';

/** Render again whenever the signal is emitted. */
export function useSignal(signal: ISignal<unknown, unknown> | null | undefined): void {
  const [, again] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    const slot = () => again();
    signal?.connect(slot);
    return () => {
      signal?.disconnect(slot);
    };
  }, [signal]);
}

/** A value that follows another one when that has been still for a while. */
export function useStill<T>(value: T, ms: number): T {
  const [still, set] = React.useState(value);
  React.useEffect(() => {
    const timer = window.setTimeout(() => set(value), ms);
    return () => window.clearTimeout(timer);
  }, [value, ms]);
  return still;
}

interface IButton {
  label: string;
  tip: string;
  onClick: () => void;
  disabled?: boolean;
  main?: boolean;
  name?: string;
}

/** A button with its words on it; `name` tells it from others with the same words. */
export function Button(props: IButton): JSX.Element {
  return (
    <button
      type="button"
      className={`jp-ComprehendNb-button${props.main ? ' jp-mod-main' : ''}`}
      title={props.tip}
      aria-label={props.name}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      {props.label}
    </button>
  );
}

/** One part of the panel, that can be folded. */
export function Section(props: {
  title: string;
  extra?: string;
  open?: boolean;
  children: React.ReactNode;
}): JSX.Element {
  const { title, extra, open = true, children } = props;
  return (
    <details className={`jp-ComprehendNb-section jp-mod-${title.toLowerCase()}`} open={open}>
      <summary>
        <h3>{title}</h3>
        {extra ? (
          <span className="jp-ComprehendNb-extra" title={plain(extra)}>
            {plain(extra)}
          </span>
        ) : null}
      </summary>
      <div className="jp-ComprehendNb-body">{children}</div>
    </details>
  );
}

/** Text of a model or of data: as text, whatever it holds. */
export function Plain(props: { text: string | undefined; className?: string }): JSX.Element | null {
  const text = plain(props.text);
  return text ? <div className={`jp-ComprehendNb-plain ${props.className ?? ''}`}>{text}</div> : null;
}

/** What is heard of an act that is under way, or that it waits for its turn. */
export function Waits(props: { doing: IDoing | null; otherwise: string; most?: number }): JSX.Element | null {
  const { doing, otherwise, most = 3 } = props;
  if (!doing) {
    return null;
  }
  const text = doing.waits ? 'Waits for the cell that is running…' : doing.lines.slice(-most).join('\n') || otherwise;
  return <Plain text={text} className="jp-mod-quiet" />;
}

/** What went wrong, and what to do. */
export function Trouble(props: {
  what?: string;
  remedy?: string;
  lines?: string[];
  onRetry?: () => void;
  children?: React.ReactNode;
}): JSX.Element | null {
  if (!props.what) {
    return null;
  }
  return (
    <div className="jp-ComprehendNb-trouble" role="alert">
      <Plain text={props.what} />
      <Plain text={props.remedy} className="jp-mod-quiet" />
      <Lines lines={props.lines} />
      {props.onRetry ? <Button label="Retry" tip="The same request once more" onClick={props.onRetry} /> : null}
      {props.children}
    </div>
  );
}

export function Lines(props: { lines?: string[]; className?: string; name?: string }): JSX.Element | null {
  if (!props.lines?.length) {
    return null;
  }
  return (
    <ul className={`jp-ComprehendNb-lines ${props.className ?? ''}`} aria-label={props.name}>
      {props.lines.map((line, i) => (
        <li key={i}>{plain(line)}</li>
      ))}
    </ul>
  );
}

/** What a run did to the names, a line each, as the kernel says it. */
export function Changes(props: { text?: string }): JSX.Element | null {
  const lines = plain(props.text).split('\n').filter(Boolean);
  if (!lines.length) {
    return null;
  }
  const kind = (line: string) => ({ '+': 'added', '-': 'removed', '~': 'changed' })[line.trim()[0]] ?? 'other';
  return (
    <ul className="jp-ComprehendNb-changes" aria-label="What it changed">
      {lines.map((line, i) => (
        <li key={i} className={`jp-mod-${kind(line)}`}>
          {line}
        </li>
      ))}
    </ul>
  );
}
