import React from 'react';

import { RefusedError } from '../channel';
import { Desk } from '../desk';
import { Full, Row } from '../protocol';
import { count, plain } from '../text';
import { Plain, Section, useSignal, useStill } from './common';

const HEIGHT = 24;
const AHEAD = 36;
const BEHIND = 12;
const STEP = 6;
const SHOWN = 12;

/** The live names as the model would see them: only those on the screen are asked for, and come with the news from then on. */
export function StateView(props: { desk: Desk; visible: boolean }): JSX.Element {
  const { desk, visible } = props;
  useSignal(desk.rowsChanged);
  const [filter, setFilter] = React.useState('');
  const { rows } = desk;
  const [top, setTop] = React.useState(0);
  const up = React.useRef(false);
  const [open, setOpen] = React.useState('');
  const list = React.useRef<HTMLDivElement>(null);
  const wanted = useStill(filter, 120);
  const { version } = desk;

  const at = Math.floor(top / (HEIGHT * STEP));
  React.useEffect(() => {
    const first = Math.max(0, Math.floor(top / HEIGHT) - (up.current ? AHEAD : BEHIND));
    void desk.watch(visible ? { first, count: SHOWN + AHEAD + BEHIND, filter: wanted } : null);
  }, [desk, visible, wanted, at]);

  const move = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = (event.target as HTMLElement).closest('[data-row]')?.getAttribute('data-row');
    if (step && at !== null && at !== undefined) {
      event.preventDefault();
      const next = list.current?.querySelector<HTMLElement>(`[data-row="${Number(at) + step}"] button`);
      next?.focus();
    }
  };
  const total = rows?.total ?? 0;
  const extra = rows ? count(rows.all, 'name') : '';
  return (
    <Section title="State" extra={extra}>
      <input
        className="jp-ComprehendNb-filter jp-mod-styled"
        type="search"
        placeholder="Filter names"
        aria-label="Filter names"
        value={filter}
        onChange={event => {
          setFilter(event.target.value);
          list.current?.scrollTo({ top: 0 });
        }}
      />
      <div
        className="jp-ComprehendNb-rows"
        ref={list}
        role="list"
        aria-label="Live names"
        style={{ height: Math.min(Math.max(total, 1), SHOWN) * HEIGHT }}
        onScroll={event => {
          up.current = event.currentTarget.scrollTop < top;
          setTop(event.currentTarget.scrollTop);
        }}
        onKeyDown={move}
      >
        <div role="presentation" style={{ height: total * HEIGHT }}>
          {(rows?.rows ?? []).map((row, i) => (
            <RowView
              key={row.name}
              row={row}
              at={(rows?.first ?? 0) + i}
              total={total}
              onOpen={() => setOpen(open === row.name ? '' : row.name)}
              onHide={() => void desk.act({ do: 'hide', names: [row.name], hide: !row.hidden }).then(() => setOpen(''))}
            />
          ))}
        </div>
      </div>
      {rows && !total ? (
        <div className="jp-mod-quiet">{wanted ? 'No name holds that.' : 'No names yet: run a cell.'}</div>
      ) : null}
      {open ? <FullView desk={desk} name={open} version={version} onClose={() => setOpen('')} /> : null}
    </Section>
  );
}

const HIDDEN = {
  you: 'hidden by you: never sent',
  policy: "hidden by the project's settings: never sent",
  alias: 'the same object as a hidden name: never sent'
};

function RowView(props: { row: Row; at: number; total: number; onOpen: () => void; onHide: () => void }): JSX.Element {
  const { row, at } = props;
  const why = row.hidden ? HIDDEN[row.hidden] : '';
  const notes = [row.change && `${row.change} since the last request`, row.redacted && 'a secret was taken out', why];
  const tip = [`${row.name}: ${row.type} ${row.text ?? ''}`.trim(), ...notes].filter(Boolean).join('\n');
  const fixed = row.hidden === 'policy' || row.hidden === 'alias';
  return (
    <div
      role="listitem"
      aria-setsize={props.total}
      aria-posinset={at + 1}
      data-row={at}
      className={`jp-ComprehendNb-row${row.hidden ? ' jp-mod-hidden' : ''}`}
      style={{ top: at * HEIGHT }}
      title={plain(tip)}
    >
      <span
        className={`jp-ComprehendNb-dot${row.change ? ` jp-mod-${row.change.split(' ')[0]}` : ''}`}
        aria-hidden="true"
      />
      <button type="button" className="jp-ComprehendNb-name" onClick={props.onOpen} disabled={!!row.hidden}>
        {plain(row.name)}
      </button>
      <span className="jp-ComprehendNb-type">{row.hidden ? 'hidden' : plain(row.type.split('.').pop())}</span>
      <span className="jp-ComprehendNb-value">
        {row.redacted ? '◼ ' : ''}
        {plain(row.text)}
      </span>
      {fixed ? null : (
        <button
          type="button"
          className="jp-ComprehendNb-eye"
          aria-label={`${row.hidden ? 'Show' : 'Hide'} ${plain(row.name)}`}
          title={row.hidden ? 'Let this be sent again' : 'Never send this'}
          onClick={props.onHide}
        >
          {row.hidden ? 'show' : 'hide'}
        </button>
      )}
    </div>
  );
}

/** One object as fully as a model would be told of it. */
function FullView(props: { desk: Desk; name: string; version: number; onClose: () => void }): JSX.Element {
  const { desk, name } = props;
  const [text, setText] = React.useState('');
  React.useEffect(() => {
    let here = true;
    desk.channel
      ?.ask<Full>({ ask: 'full', name })
      .then(found => here && setText(found.text))
      .catch(reason => here && setText(reason instanceof RefusedError ? reason.message : String(reason)));
    return () => {
      here = false;
    };
  }, [desk.channel, name, props.version]);
  return (
    <div className="jp-ComprehendNb-full" role="region" aria-label={`What a model would be told of ${plain(name)}`}>
      <button type="button" className="jp-ComprehendNb-close" aria-label="Close" title="Close" onClick={props.onClose}>
        ×
      </button>
      <Plain text={text} className="jp-mod-code" />
    </div>
  );
}
