import React from 'react';

import { Desk } from '../desk';
import { Judged } from '../protocol';
import { plain } from '../text';
import { Button, useStill } from './common';

const ASKS: Record<string, { label: string; hint: string }> = {
  what: { label: 'What it does', hint: 'in your words, for this data' },
  why: { label: 'Why this way', hint: 'and not another' },
  fails: { label: 'How it fails', hint: 'on which data, and what would be seen' }
};

interface IExplain {
  desk: Desk;
  /** A draft's label, or a cell's fingerprint. */
  target: string;
  asks: string[];
  /** The person's own earlier words, offered and never filled in. */
  mine?: Record<string, string>;
  reasons?: Record<string, string>;
  name: string;
  onDone: (parts: Record<string, string>) => Promise<boolean>;
}

/** What was judged, and what was said of it, by part. */
interface IJudged {
  of: Record<string, string>;
  reasons: Record<string, string>;
}

// what comes up when a field is left must not move the button away under the pointer that left it
const AFTER_CLICK = 200;

/** What, why and how it fails: short fields, judged one by one as the person goes on. */
export function ExplainView(props: IExplain): JSX.Element {
  const { desk, target, asks } = props;
  const key = (part: string) => desk.key(target, part);
  const read = () => Object.fromEntries(asks.map(p => [p, desk.typed.get(key(p))]));
  const [parts, setParts] = React.useState<Record<string, string>>(read);
  const [left, setLeft] = React.useState<ReadonlySet<string>>(new Set());
  const [judged, setJudged] = React.useState<IJudged>({ of: {}, reasons: {} });
  React.useEffect(() => {
    setParts(read());
    setLeft(new Set());
    setJudged({ of: {}, reasons: {} });
    void desk.typed.ready.then(() => setParts(read()));
  }, [desk, target]);
  React.useEffect(() => {
    if (props.reasons && Object.keys(props.reasons).length) {
      setJudged({ of: parts, reasons: props.reasons });
      setLeft(new Set(asks));
    }
  }, [props.reasons]);

  const still = useStill(JSON.stringify(parts), 600);
  React.useEffect(() => {
    let here = true;
    if (Object.values(parts).some(Boolean) && desk.line === 'open') {
      desk.channel
        ?.ask<Judged>({ ask: 'judge', target, parts })
        .then(found => here && setJudged({ of: parts, reasons: found.reasons }))
        .catch(() => undefined);
    }
    return () => {
      here = false;
    };
  }, [still, target]);

  const type = (part: string, value: string) => {
    setParts({ ...parts, [part]: value });
    desk.typed.set(key(part), value);
  };
  const done = async () => {
    if (await props.onDone(parts)) {
      desk.typed.drop(desk.key(target));
    }
  };
  return (
    <form
      className="jp-ComprehendNb-explain"
      aria-label={`Explain ${props.name}`}
      onSubmit={event => {
        event.preventDefault();
        void done();
      }}
      onKeyDown={event => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          event.stopPropagation();
          void done();
        }
      }}
    >
      {asks.map(part => {
        const current = judged.of[part] === parts[part] && (parts[part] || props.reasons?.[part]);
        const reason = left.has(part) && current ? judged.reasons[part] : '';
        const mine = props.mine?.[part];
        const id = `jp-ComprehendNb-${target}-${part}`;
        return (
          <div key={part} className="jp-ComprehendNb-field">
            <label htmlFor={id}>{ASKS[part]?.label ?? part}</label>
            <textarea
              id={id}
              className="jp-mod-styled"
              rows={2}
              placeholder={ASKS[part]?.hint}
              value={parts[part] ?? ''}
              aria-describedby={reason ? `${id}-reason` : undefined}
              aria-invalid={!!reason}
              onChange={event => type(part, event.target.value)}
              onBlur={() => window.setTimeout(() => setLeft(now => new Set([...now, part])), AFTER_CLICK)}
            />
            {reason ? (
              <div id={`${id}-reason`} className="jp-ComprehendNb-reason" role="status">
                {plain(reason)}
              </div>
            ) : null}
            {mine && mine !== parts[part] ? (
              <div className="jp-ComprehendNb-mine">
                <span className="jp-mod-quiet">You said: </span>
                {plain(mine)}{' '}
                <Button
                  label="Keep"
                  tip="These words still hold"
                  name={`Keep your words: ${part}`}
                  onClick={() => type(part, mine)}
                />
              </div>
            ) : null}
          </div>
        );
      })}
      <div className="jp-ComprehendNb-buttons">
        <button
          type="submit"
          className="jp-ComprehendNb-button jp-mod-main"
          title="Hand in what you wrote (Ctrl+Enter)"
        >
          Explain
        </button>
      </div>
    </form>
  );
}
