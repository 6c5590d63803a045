import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { ISignal, Signal } from '@lumino/signaling';
import React from 'react';

import { Desk } from '../desk';
import { icon } from '../icon';
import { IBorrowed } from '../services';
import { AskView } from './ask';
import { CellView } from './cell';
import { Button, Trouble, useSignal } from './common';
import { DraftsView } from './drafts';
import { ReportView } from './report';
import { StateView } from './state';

/** The sidebar: a view of the desk of the notebook in front. */
export class PanelWidget extends ReactWidget {
  constructor(
    private readonly _borrowed: IBorrowed,
    private readonly _export: (desk: Desk) => void
  ) {
    super();
    this.id = 'comprehend-nb-panel';
    this.title.icon = icon;
    this.title.caption = 'comprehend-nb: state, drafts and explanations';
    this.addClass('jp-ComprehendNb');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'comprehend-nb');
  }

  get desk(): Desk | null {
    return this._desk;
  }

  set desk(desk: Desk | null) {
    if (desk !== this._desk) {
      this._desk = desk;
      this._switched.emit();
    }
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._switched.emit();
    void this._desk?.refresh();
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._switched.emit();
  }

  protected override render(): JSX.Element {
    return (
      <Contained>
        <Switch widget={this} switched={this._switched} borrowed={this._borrowed} onExport={this._export} />
      </Contained>
    );
  }

  private _desk: Desk | null = null;
  private _switched = new Signal<this, void>(this);
}

/** A fault of ours is said, and costs nobody their notebook. */
class Contained extends React.Component<{ children: React.ReactNode }, { fault: string }> {
  override state = { fault: '' };

  static getDerivedStateFromError(fault: unknown): { fault: string } {
    return { fault: String(fault) };
  }

  override render(): React.ReactNode {
    if (!this.state.fault) {
      return this.props.children;
    }
    return (
      <div className="jp-ComprehendNb-empty" role="alert">
        <div>The panel met a fault of its own. Your notebook and what you typed are as they were.</div>
        <div className="jp-mod-quiet">{this.state.fault}</div>
        <Button label="Show it again" tip="Draw the panel anew" main onClick={() => this.setState({ fault: '' })} />
      </div>
    );
  }
}

interface IShared {
  borrowed: IBorrowed;
  onExport: (desk: Desk) => void;
}

function Switch(props: IShared & { widget: PanelWidget; switched: ISignal<unknown, unknown> }): JSX.Element {
  useSignal(props.switched);
  const { desk } = props.widget;
  if (!desk) {
    return <div className="jp-ComprehendNb-empty">Open a notebook.</div>;
  }
  const visible = props.widget.isVisible;
  return <DeskView key={desk.path} desk={desk} visible={visible} borrowed={props.borrowed} onExport={props.onExport} />;
}

const LINES = {
  none: 'This notebook has no kernel.',
  opening: 'Waiting for the kernel…',
  silent: 'The kernel has not answered yet. It may still be starting.',
  lost: 'The kernel is away. What you typed is kept.',
  absent: 'comprehend-nb is not loaded in this kernel.',
  foreign: 'This panel and the kernel have different versions of comprehend-nb, and do not understand each other.'
};

function DeskView(props: IShared & { desk: Desk; visible: boolean }): JSX.Element {
  const { desk, borrowed } = props;
  useSignal(desk.changed);
  const { line } = desk;
  if (line !== 'open' || !desk.summary) {
    const text = line === 'open' ? LINES.opening : LINES[line];
    const foreign = line === 'foreign' ? desk.channel?.foreign : null;
    return (
      <div className="jp-ComprehendNb-empty" role="status">
        <div>{text}</div>
        {foreign ? <Trouble what={foreign.what} remedy={foreign.remedy} /> : null}
        {line === 'silent' ? (
          <>
            <div>
              Where it runs behind a gateway, its first connection is sometimes lost, and it will not answer this page.
              Load the page again then: nothing is lost.
            </div>
            <Button
              label="Load the page again"
              tip="A new page is a new session with the kernel"
              onClick={() => window.location.reload()}
            />
          </>
        ) : null}
        {line === 'absent' ? (
          <Button label="Load it" tip="%load_ext comprehend_nb" main onClick={() => void desk.channel?.load()} />
        ) : null}
      </div>
    );
  }
  return (
    <>
      <RefusedView desk={desk} />
      <AskView desk={desk} />
      <DraftsView desk={desk} borrowed={borrowed} />
      <Trouble what={desk.marking.unmarked} />
      <CellView desk={desk} borrowed={borrowed} />
      <StateView desk={desk} visible={props.visible} />
      <ReportView desk={desk} onExport={() => props.onExport(desk)} />
    </>
  );
}

/** Whoever can reach the kernel may look; that somebody else wanted more is for the person to know. */
function RefusedView(props: { desk: Desk }): JSX.Element | null {
  const refused = (props.desk.summary?.refused ?? []).join(', ');
  const [seen, setSeen] = React.useState('');
  if (!refused || refused === seen) {
    return null;
  }
  return (
    <Trouble
      what={`Something else that is attached to this kernel wanted to act, and was refused: ${refused}.`}
      remedy="Nothing was done. Who may act is whoever runs a cell from a front end of their own."
    >
      <Button label="Seen" tip="Put this away until something else is refused" onClick={() => setSeen(refused)} />
    </Trouble>
  );
}
