import React from 'react';

import { Desk } from '../desk';
import { Cost, Names } from '../protocol';
import { money, plain } from '../text';
import { Button, Plain, Section, Trouble, Waits, useSignal, useStill } from './common';

/** The request to the model: its text, what it would cost, and what came back. */
export function AskView(props: { desk: Desk }): JSX.Element {
  const { desk } = props;
  const key = desk.key('ask');
  const [text, setText] = React.useState(desk.typed.get(key));
  const [past, setPast] = React.useState(-1);
  const box = React.useRef<HTMLTextAreaElement>(null);
  React.useEffect(() => setText(desk.typed.get(key)), [desk, key]);
  React.useEffect(() => {
    void desk.typed.ready.then(() => setText(now => now || desk.typed.get(key)));
  }, [desk, key]);

  const type = (value: string) => {
    setText(value);
    desk.typed.set(key, value);
  };
  const asking = desk.doing?.act === 'ask';
  const send = async (hint: boolean, again?: string) => {
    const wish = again ?? text;
    desk.asked = null;
    const done = await desk.act({ do: 'ask', text: wish.trim(), hint });
    desk.asked = { text: wish, hint, done };
    if (done.ok !== false) {
      desk.chosen = done.draft ?? desk.chosen;
      desk.typed.drop(key);
      setText('');
      setPast(-1);
    }
    desk.update();
  };
  const history = desk.summary?.asked ?? [];
  const recall = (step: number) => {
    const at = Math.max(-1, Math.min(history.length - 1, past + step));
    setPast(at);
    type(at < 0 ? '' : history[history.length - 1 - at]);
  };
  const keys = (event: React.KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      if (!asking) {
        void send(false);
      }
    } else if (event.key === 'ArrowUp' && (!text || past >= 0) && history.length) {
      event.preventDefault();
      recall(1);
    } else if (event.key === 'ArrowDown' && past >= 0) {
      event.preventDefault();
      recall(-1);
    }
  };
  const done = desk.asked?.done;
  const failed = done?.ok === false;
  return (
    <Section title="Ask" extra={desk.summary?.model}>
      <Completed desk={desk} text={text} box={box} onText={type}>
        <textarea
          ref={box}
          className="jp-ComprehendNb-ask jp-mod-styled"
          rows={2}
          aria-label="What you want of the next cell, or a question"
          placeholder="What next? A question ends with ?   $ completes names"
          value={text}
          onChange={event => type(event.target.value)}
          onKeyDown={keys}
        />
      </Completed>
      <div className="jp-ComprehendNb-buttons">
        {asking ? (
          <Button label="Stop" tip="Stop asking" onClick={() => void desk.stop()} main />
        ) : (
          <Button
            label="Ask"
            tip="Ask for one small cell, or an answer (Enter)"
            onClick={() => void send(false)}
            main
          />
        )}
        <Button
          label="Hint"
          tip="A question back, or the next step, and no code"
          disabled={asking}
          onClick={() => void send(true)}
        />
        <CostView desk={desk} text={text} />
      </div>
      <div className="jp-ComprehendNb-live" aria-live="polite">
        {asking ? <Waits doing={desk.doing} otherwise="asking…" most={desk.writing ? 1 : 3} /> : null}
        {done && !failed && done.answer ? (
          <>
            <Plain text={done.answer} className="jp-mod-answer" />
            <Plain text={`— ${done.proposer ?? ''}`} className="jp-mod-quiet" />
          </>
        ) : null}
      </div>
      <WritingView desk={desk} />
      {failed ? (
        <Trouble
          what={done.what}
          remedy={done.remedy}
          onRetry={() => void send(desk.asked?.hint ?? false, desk.asked?.text)}
        />
      ) : null}
      {desk.summary && !desk.summary.rules ? (
        <div className="jp-ComprehendNb-status jp-mod-quiet">
          <span title={`What was spent: ${plain(desk.summary.spent)}`}>{plain(desk.summary.spent)}</span>
        </div>
      ) : null}
    </Section>
  );
}

/** What a model is writing, as it comes: text, and nothing to act on before it is complete. */
function WritingView(props: { desk: Desk }): JSX.Element | null {
  useSignal(props.desk.wrote);
  const { writing } = props.desk;
  const end = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (end.current) {
      end.current.scrollTop = end.current.scrollHeight;
    }
  }, [writing]);
  if (!writing) {
    return null;
  }
  return (
    <div
      className="jp-ComprehendNb-writing"
      role="region"
      aria-label="What is being written"
      aria-busy="true"
      ref={end}
    >
      <Plain text={writing.text} className="jp-mod-answer" />
      <Plain text={writing.code} className="jp-mod-code" />
    </div>
  );
}

/** Where the next request would go, how large it is and the most that it could cost. */
function CostView(props: { desk: Desk; text: string }): JSX.Element | null {
  const { desk } = props;
  const [cost, setCost] = React.useState<Cost | null>(null);
  const text = useStill(props.text, 700);
  const version = useStill(desk.summary?.version ?? -1, 300);
  const rules = desk.summary?.rules ?? true;
  React.useEffect(() => {
    let here = true;
    if (!rules && desk.line === 'open') {
      desk.channel
        ?.ask<Cost>({ ask: 'cost', text })
        .then(found => here && setCost(found))
        .catch(() => here && setCost(null));
    }
    return () => {
      here = false;
    };
  }, [desk, desk.channel, text, version, rules]);
  if (rules || !cost) {
    return null;
  }
  const price = typeof cost.usd === 'number' ? `, at most ${money(cost.usd)}` : '';
  return (
    <span className="jp-ComprehendNb-cost jp-mod-quiet" title={`The next request goes to ${plain(cost.to)}`}>
      {`≤ ${(cost.tokens ?? 0).toLocaleString('en')} tokens${price}`}
    </span>
  );
}

const DOLLAR = /\$([\p{L}\p{N}_]*)$/u;

/** Live names offered after `$`. */
function Completed(props: {
  desk: Desk;
  text: string;
  box: React.RefObject<HTMLTextAreaElement>;
  onText: (text: string) => void;
  children: React.ReactElement;
}): JSX.Element {
  const { desk, text, box } = props;
  const [found, setNames] = React.useState<string[]>([]);
  const [at, setAt] = React.useState(0);
  const id = React.useId();
  const cursor = box.current?.selectionStart ?? text.length;
  const begun = DOLLAR.exec(text.slice(0, cursor))?.[1];
  // those of fewer letters, until the answer for what is typed now is there
  const names = found.filter(name => begun !== undefined && name.toLowerCase().startsWith(begun.toLowerCase()));
  React.useEffect(() => {
    let here = true;
    setAt(0);
    if (begun === undefined || desk.line !== 'open') {
      setNames([]);
      return undefined;
    }
    desk.channel
      ?.ask<Names>({ ask: 'names', prefix: begun })
      .then(found => here && setNames(found.names.slice(0, 8)))
      .catch(() => undefined);
    return () => {
      here = false;
    };
  }, [desk, begun]);
  const take = (name: string) => {
    const head = text.slice(0, cursor).replace(DOLLAR, name);
    setNames([]);
    props.onText(head + text.slice(cursor));
    box.current?.focus();
  };
  const keys = (event: React.KeyboardEvent) => {
    if (!names.length) {
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      setAt((at + step + names.length) % names.length);
    } else if (event.key === 'Enter' || event.key === 'Tab') {
      take(names[at]);
    } else if (event.key === 'Escape') {
      setNames([]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const open = names.length > 0;
  const child = React.cloneElement(props.children, {
    'aria-autocomplete': 'list',
    'aria-controls': open ? id : undefined,
    'aria-activedescendant': open ? `${id}${at}` : undefined
  });
  return (
    <div className="jp-ComprehendNb-complete" onKeyDownCapture={keys}>
      {child}
      {open ? (
        <ul id={id} role="listbox" aria-label="Live names">
          {names.map((name, i) => (
            <li
              key={name}
              id={`${id}${i}`}
              role="option"
              aria-selected={i === at}
              onMouseDown={event => {
                event.preventDefault();
                take(name);
              }}
            >
              {plain(name)}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
