import { OutputAreaModel } from '@jupyterlab/outputarea';
import React from 'react';

import { Desk } from '../desk';
import { CONFLICTS, conflictOf } from '../place';
import { DraftView, Outputs } from '../protocol';
import { IBorrowed } from '../services';
import { count, plain, short } from '../text';
import { CheckView } from './check';
import { CodeView } from './code';
import { Button, Changes, Lines, Plain, Section, Trouble, Waits } from './common';
import { ExplainView } from './explain';
import { PreviewOutputs, RunOutputs } from './outputs';

/** The queue of drafts, and the one that is looked at. */
export function DraftsView(props: { desk: Desk; borrowed: IBorrowed }): JSX.Element | null {
  const { desk, borrowed } = props;
  const open = desk.drafts?.open ?? [];
  const placing = desk.drafts?.placing ?? [];
  const draft = open.find(d => d.label === desk.chosen) ?? open[open.length - 1];
  const choose = (label: string) => {
    desk.chosen = label;
    desk.update();
  };
  return (
    <Section title="Draft" extra={open.length > 1 ? count(open.length, 'draft') : ''}>
      {placing.map(d => (
        <Placing key={d.label} desk={desk} draft={d} />
      ))}
      {open.length > 1 ? (
        <div className="jp-ComprehendNb-queue" role="group" aria-label="Drafts">
          {open.map(d => (
            <button
              key={d.label}
              type="button"
              aria-pressed={d.label === draft?.label}
              title={short(d.intent, 120)}
              onClick={() => choose(d.label)}
            >
              {d.label}
            </button>
          ))}
        </div>
      ) : null}
      {draft ? (
        <One key={draft.label} desk={desk} borrowed={borrowed} draft={draft} />
      ) : placing.length ? null : (
        <div className="jp-mod-quiet">No open draft. Ask for a cell above.</div>
      )}
    </Section>
  );
}

/** An accepted draft that stands in no cell: another front end accepted it, or the cell that it was to replace has moved on. */
function Placing(props: { desk: Desk; draft: DraftView }): JSX.Element {
  const { desk, draft } = props;
  const conflict = conflictOf(desk.panel, draft);
  const put = async (asNew: boolean) => {
    const found = await desk.channel
      ?.ask<Outputs>({ ask: 'outputs', draft: draft.label })
      .catch(() => ({ outputs: [] }) as Outputs);
    await desk.put(draft, found?.outputs, asNew);
  };
  return (
    <div className="jp-ComprehendNb-placing" role="status">
      <Plain
        text={`${draft.label} is accepted and stands in no cell yet. ${conflict ? CONFLICTS[conflict] : ''}`.trim()}
      />
      <Button
        label={conflict ? 'Insert as a new cell' : 'Insert'}
        name={`Insert ${draft.label}`}
        tip="Put it into the notebook"
        onClick={() => void put(!!conflict)}
      />
    </div>
  );
}

function One(props: { desk: Desk; borrowed: IBorrowed; draft: DraftView }): JSX.Element {
  const { desk, borrowed, draft } = props;
  const key = desk.key(draft.label, 'code');
  const begun = desk.typed.has(key);
  const [editing, setEditing] = React.useState(begun);
  const text = React.useRef(begun ? desk.typed.get(key) : draft.code);
  const shown = React.useRef<() => string>(() => draft.code);
  const { became } = desk;
  const last = became.get(draft.label);
  const busy = desk.doing !== null;
  const conflict = conflictOf(desk.panel, draft);
  const ran = draft.state === 'run';

  const area = useArea(desk, draft);
  const run = async () => {
    const model = new OutputAreaModel({ trusted: true });
    desk.areas.set(draft.label, model);
    await desk.act({ do: 'run', draft: draft.label, shown: shown.current() }, model);
  };
  const save = async () => {
    const done = await desk.act({ do: 'edit', draft: draft.label, shown: draft.code, code: text.current });
    if (done.ok !== false) {
      desk.typed.drop(key);
      desk.chosen = done.draft ?? '';
      setEditing(false);
      desk.update();
    }
  };
  const explain = async (parts: Record<string, string>) => {
    const done = await desk.act({ do: 'explain', target: draft.label, shown: shown.current(), parts });
    if (done.ok !== false && done.place && !conflictOf(desk.panel, done.place)) {
      await desk.put(done.place, done.outputs);
    }
    return done.ok !== false;
  };
  const doing = desk.doing?.target === draft.label ? desk.doing : null;
  return (
    <article className="jp-ComprehendNb-draft" aria-label={`Draft ${draft.label}`}>
      <div className="jp-ComprehendNb-head">
        <strong>{draft.label}</strong> <span>{plain(draft.intent)}</span>
      </div>
      <div className="jp-mod-quiet">
        {`${plain(draft.proposer)}${draft.edited ? ', edited by you' : ''}`}
        {draft.replaces ? `; in place of ${plain(draft.replaces)}` : ''}
      </div>
      {draft.assumption ? <Plain text={`Assumes: ${draft.assumption}`} className="jp-mod-quiet" /> : null}
      <Lines lines={draft.risks} className="jp-mod-risks" name="Risks" />
      <Lines lines={draft.notes} />
      {conflict ? (
        <div className="jp-ComprehendNb-trouble" role="status">
          {`${CONFLICTS[conflict]} It will not be put in another one's place: once it is explained, you can insert it as a new cell.`}
        </div>
      ) : null}
      <CodeView
        borrowed={borrowed}
        code={editing ? text.current : draft.code}
        base={draft.base || undefined}
        label={`Code of ${draft.label}`}
        editable={editing}
        shown={shown}
        onEdit={code => {
          text.current = code;
          desk.typed.set(key, code);
        }}
      />
      <div className="jp-ComprehendNb-buttons">
        {editing ? (
          <>
            <Button
              label="Keep my version"
              tip="It becomes a draft of its own, edited by you"
              main
              disabled={busy}
              onClick={() => void save()}
            />
            <Button
              label="Undo"
              tip="Back to what was proposed"
              onClick={() => {
                desk.typed.drop(key);
                text.current = draft.code;
                setEditing(false);
              }}
            />
          </>
        ) : (
          <>
            {desk.can('preview') ? (
              <Button
                label="Preview"
                tip="Run it in a throwaway copy of the kernel"
                disabled={busy}
                onClick={() => void desk.act({ do: 'preview', draft: draft.label, shown: shown.current() })}
              />
            ) : null}
            <Button
              label={ran ? 'Run again' : 'Run'}
              tip="Run it in this kernel"
              main={!ran}
              disabled={busy}
              onClick={() => void run()}
            />
            <Button label="Edit" tip="Change it: your version becomes the draft" onClick={() => setEditing(true)} />
            <Button
              label="Reject"
              tip="Put it away"
              disabled={busy}
              onClick={() => void desk.act({ do: 'reject', draft: draft.label, shown: draft.code })}
            />
          </>
        )}
        {doing ? <Button label="Stop" tip="Stop it" onClick={() => void desk.stop()} /> : null}
      </div>
      {doing && (doing.act !== 'run' || doing.waits) ? <Waits doing={doing} otherwise="working…" /> : null}
      {last && last.ok === false && last.act !== 'explain' ? (
        <Trouble what={last.what} remedy={last.remedy} lines={last.lines} />
      ) : null}
      {!area && draft.tried ? (
        <div className="jp-ComprehendNb-outcome">
          <div className="jp-mod-quiet">In a throwaway copy; your kernel is as it was:</div>
          <Changes text={draft.tried} />
          <PreviewOutputs shown={last?.act === 'preview' ? last.shown : undefined} />
        </div>
      ) : null}
      {draft.state === 'open' && !editing ? <CheckView desk={desk} target={draft.label} before /> : null}
      {area ? <RunOutputs borrowed={borrowed} model={area} /> : null}
      {ran || draft.state === 'failed' ? <Changes text={draft.outcome} /> : null}
      {ran && !draft.here ? (
        <div className="jp-mod-quiet">
          Since it ran, the kernel was restarted or other code gave its names a value: run it again before you explain
          it.
        </div>
      ) : null}
      {ran && draft.here && !editing ? (
        <>
          <ExplainView
            desk={desk}
            target={draft.label}
            name={draft.label}
            asks={draft.asks ?? []}
            mine={draft.mine}
            reasons={last?.act === 'explain' ? last.reasons : undefined}
            onDone={explain}
          />
          {last?.act === 'explain' && last.ok === false && !Object.keys(last.reasons ?? {}).length ? (
            <Trouble what={last.what} remedy={last.remedy} />
          ) : null}
          {last?.act === 'explain' && last.ok !== false ? <Lines lines={last.lines} /> : null}
          <CheckView desk={desk} target={draft.label} />
        </>
      ) : null}
    </article>
  );
}

/** Outputs of the draft's run: live ones, or after a reload those that the kernel kept. */
function useArea(desk: Desk, draft: DraftView): OutputAreaModel | undefined {
  const known = desk.areas.get(draft.label);
  React.useEffect(() => {
    if (!known && draft.outputs && desk.line === 'open') {
      desk.channel
        ?.ask<Outputs>({ ask: 'outputs', draft: draft.label })
        .then(found => {
          desk.areas.set(draft.label, new OutputAreaModel({ values: found.outputs as never[], trusted: false }));
          desk.update();
        })
        .catch(() => undefined);
    }
  }, [known, desk, draft.label, draft.outputs]);
  return known;
}
