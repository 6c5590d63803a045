import React from 'react';

import { Desk } from '../desk';
import { reveal } from '../place';
import { IBorrowed } from '../services';
import { plain } from '../text';
import { CheckView } from './check';
import { CodeView } from './code';
import { Button, Lines, Plain, Section, Trouble, Waits } from './common';
import { ExplainView } from './explain';

/** A cell of the notebook, looked at closer: who explained it, what it lacks, and the way to renew it. */
export function CellView(props: { desk: Desk; borrowed: IBorrowed }): JSX.Element | null {
  const { desk, borrowed } = props;
  const [asked, setAnew] = React.useState('');
  const told = desk.told;
  if (!told) {
    return null;
  }
  const target = told.fingerprint;
  const last = desk.became.get(target);
  const explain = async (parts: Record<string, string>) => {
    const done = await desk.act({ do: 'explain', target, shown: told.code ?? '', parts });
    if (done.ok !== false) {
      setAnew('');
      await desk.look(told.id);
    }
    return done.ok !== false;
  };
  const said = told.explanations ?? [];
  const holds = said.some(one => one.holds);
  const anew = asked === target;
  return (
    <Section title="Cell" extra={told.label}>
      <div className="jp-ComprehendNb-buttons">
        <Button label="Show the cell" tip="Scroll to it" onClick={() => void reveal(desk.panel, told.id)} />
        <Button
          label="Close"
          name="Close the cell's explanations"
          tip="Put this away"
          onClick={() => {
            desk.told = null;
            desk.update();
          }}
        />
      </div>
      <Lines lines={told.reasons} />
      {desk.doing?.target === target ? (
        <div className="jp-ComprehendNb-buttons">
          <Waits doing={desk.doing} otherwise="working…" />
          <Button label="Stop" tip="Stop it" onClick={() => void desk.stop()} />
        </div>
      ) : null}
      {said.length ? (
        <ul className="jp-ComprehendNb-said" aria-label="Explanations">
          {said.map((one, i) => (
            <li key={i} className={one.holds ? '' : 'jp-mod-past'}>
              <div className="jp-mod-quiet">
                {`${plain(one.who)}, ${plain(one.at)}${one.holds ? '' : ' (of an earlier form)'}`}
              </div>
              {Object.entries(one.parts).map(([part, text]) => (
                <Plain key={part} text={`${part}: ${text}`} />
              ))}
            </li>
          ))}
        </ul>
      ) : told.reasons?.length ? null : (
        <div className="jp-mod-quiet">Nobody has explained it.</div>
      )}
      {told.was ? (
        <>
          <div className="jp-mod-quiet">What changed since it was explained:</div>
          <CodeView borrowed={borrowed} code={told.code ?? ''} base={told.was} label="What changed" />
        </>
      ) : null}
      {told.fingerprint && !told.ran ? (
        <div className="jp-mod-quiet">Run the cell before you explain it.</div>
      ) : told.fingerprint && holds && !anew ? (
        <>
          <CheckView desk={desk} target={target} />
          <div>
            <Button label="Explain anew" tip="In other words" onClick={() => setAnew(target)} />
          </div>
        </>
      ) : told.fingerprint ? (
        <>
          <ExplainView
            desk={desk}
            target={target}
            name="this cell"
            asks={told.asks ?? []}
            mine={told.mine}
            reasons={last?.reasons}
            onDone={explain}
          />
          {last && last.ok === false && !Object.keys(last.reasons ?? {}).length ? (
            <Trouble what={last.what} remedy={last.remedy} />
          ) : null}
          <CheckView desk={desk} target={target} />
        </>
      ) : null}
    </Section>
  );
}
