import { NotebookPanel } from '@jupyterlab/notebook';
import { OutputAreaModel } from '@jupyterlab/outputarea';
import { KernelMessage } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Channel, Future, Line, RefusedError } from './channel';
import { place } from './place';
import { Act, Done, DraftView, Drafts, Mark, Marks, Summary, Told } from './protocol';
import { Typed } from './typed';

/** An act that is under way. */
export interface IDoing {
  act: Act['do'];
  draft: string;
  lines: string[];
  started: number;
}

const MARK_PAUSE = 500;

/**
 * One notebook and what its kernel last said of it.
 *
 * Everything here is an answer of the kernel, kept until the next one comes; after a restart or a reconnect it is asked for again.
 */
export class Desk implements IDisposable {
  constructor(
    readonly panel: NotebookPanel,
    readonly typed: Typed
  ) {
    const session = panel.sessionContext;
    session.kernelChanged.connect(this._kernelChanged, this);
    panel.context.ready.then(
      () => this._watchCells(),
      () => undefined
    );
    panel.disposed.connect(() => this.dispose());
    void typed.ready.then(() => this._changed.emit());
    this._kernelChanged();
  }

  channel: Channel | null = null;
  summary: Summary | null = null;
  drafts: Drafts | null = null;
  marks = new Map<string, Mark>();
  told: Told | null = null;
  doing: IDoing | null = null;
  /** The last answer or error of a request to the model, and the request. */
  asked: { text: string; hint: boolean; done: Done } | null = null;
  /** What became of the last act on a draft or cell, by its label or fingerprint. */
  readonly became = new Map<string, Done & { act: Act['do'] }>();
  readonly areas = new Map<string, OutputAreaModel>();
  /** Of the latest export or its rehearsal. */
  exported: Done | null = null;
  chosen = '';

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get line(): Line | 'none' {
    return this.channel?.line ?? 'none';
  }

  get version(): number {
    return this.channel?.version ?? -1;
  }

  get path(): string {
    return this.panel.context.path;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** The key of something half typed in this notebook. */
  key(...parts: string[]): string {
    return [this.path, ...parts].join('\n');
  }

  can(act: Act['do']): boolean {
    return (this.summary?.can ?? []).includes(act);
  }

  draft(label: string): DraftView | undefined {
    return [...(this.drafts?.open ?? []), ...(this.drafts?.placing ?? [])].find(d => d.label === label);
  }

  /** Ask again for what is shown always. */
  async refresh(): Promise<void> {
    const channel = this.channel;
    if (!channel || channel.line !== 'open') {
      this._changed.emit();
      return;
    }
    try {
      const [summary, drafts] = await Promise.all([
        channel.ask<Summary>({ ask: 'summary', capability: channel.capability }),
        channel.ask<Drafts>({ ask: 'drafts' })
      ]);
      if (channel === this.channel) {
        this.summary = summary;
        this.drafts = drafts;
      }
    } catch (reason) {
      if (!(reason instanceof RefusedError)) {
        throw reason;
      }
    }
    this._changed.emit();
    this._markSoon(0);
  }

  /** Do something, and show that it is being done; another act waits for its turn in the kernel. */
  async act(act: Act, render?: OutputAreaModel): Promise<Done> {
    const channel = this.channel;
    if (!channel) {
      return { ticket: '', ok: false, what: 'there is no kernel' };
    }
    const label = ('draft' in act && act.draft) || ('target' in act && act.do !== 'check' && act.target) || '';
    const doing: IDoing = { act: act.do, draft: label, lines: [], started: Date.now() };
    this.doing = doing;
    this._changed.emit();
    try {
      const done = await channel.act(act, {
        cell: this.panel.content.activeCell?.model.id,
        onSent: (future, ticket) => {
          this._sent = { ticket, busy: false };
          future.onIOPub = msg => this._published(msg, doing, render);
          future.onStdin = msg => void this.input?.(msg, future);
        }
      });
      if (label) {
        this.became.set(label, { ...done, act: act.do });
      }
      return done;
    } finally {
      if (this.doing === doing) {
        this.doing = null;
        this._sent = null;
      }
      await this.refresh();
    }
  }

  /** Answers `input()` of what an act runs; set by whoever can show a dialog. */
  input: ((msg: KernelMessage.IStdinMessage, future: Future) => Promise<void>) | null = null;

  /** Stop the act: a ticket that waits is called back; only one that runs is interrupted, for the kernel may be at somebody's cell. */
  async stop(): Promise<void> {
    const { channel, _sent: sent } = this;
    if (!channel || !sent) {
      return;
    }
    if (sent.busy) {
      await channel.kernel.interrupt();
    } else {
      await channel.cancel(sent.ticket);
    }
  }

  /** Put an accepted draft where it belongs, and tell the kernel. */
  async put(draft: DraftView, outputs: Done['outputs'], asNew = false): Promise<void> {
    const cell = place(this.panel, draft, (outputs ?? []) as never[], asNew);
    if (cell) {
      this.typed.drop(this.key(draft.label));
      await this.channel?.act({ do: 'placed', draft: draft.label, cell });
      await this.refresh();
    }
  }

  /** Look closer at a cell of the notebook. */
  async look(id: string): Promise<void> {
    const model = this.panel.content.widgets.find(w => w.model.id === id)?.model;
    if (model && this.channel) {
      const cell = { id, source: model.sharedModel.getSource() };
      this._toldAt = this.summary?.version ?? -1;
      this.told = await this.channel.ask<Told>({ ask: 'told', cell }).catch(reason => ({
        id,
        fingerprint: '',
        label: 'none',
        reasons: [reason instanceof RefusedError ? reason.message : String(reason)]
      }));
      this._changed.emit();
    }
  }

  update(): void {
    this._changed.emit();
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      window.clearTimeout(this._markTimer);
      this.channel?.dispose();
      Signal.clearData(this);
    }
  }

  private _kernelChanged(): void {
    const kernel = this.panel.sessionContext.session?.kernel ?? null;
    if (kernel === (this.channel?.kernel ?? null)) {
      return;
    }
    this.channel?.dispose();
    this.channel = kernel ? new Channel(kernel) : null;
    this._forget();
    this.channel?.news.connect(() => {
      if (this.channel?.line !== 'open') {
        this._forget();
      } else {
        this._changed.emit(); // rows are asked for beside the rest, not after it
      }
      void this.refresh();
    });
    void this.refresh();
  }

  private _forget(): void {
    this.summary = this.drafts = this.told = this.doing = null;
    this.marks.clear();
  }

  private _published(msg: KernelMessage.IIOPubMessage, doing: IDoing, render?: OutputAreaModel): void {
    if (this._sent && KernelMessage.isStatusMsg(msg)) {
      this._sent.busy = msg.content.execution_state === 'busy';
    } else if (render) {
      renderInto(render, msg);
    } else if (KernelMessage.isStreamMsg(msg)) {
      doing.lines.push(...msg.content.text.split('\n').filter(Boolean));
      this._changed.emit();
    }
  }

  private _watchCells(): void {
    this.panel.content.model?.contentChanged.connect(() => this._markSoon(MARK_PAUSE));
    this._markSoon(0);
  }

  private _markSoon(pause: number): void {
    window.clearTimeout(this._markTimer);
    this._markTimer = window.setTimeout(() => void this._mark(), pause);
  }

  private async _mark(): Promise<void> {
    const channel = this.channel;
    if (this._disposed || !channel || channel.line !== 'open' || !this.panel.content.model) {
      return;
    }
    const cells = this.panel.content.widgets
      .filter(w => w.model.type === 'code')
      .map(w => ({ id: w.model.id, source: w.model.sharedModel.getSource() }));
    try {
      const found = await channel.ask<Marks>({ ask: 'marks', cells });
      this.marks = new Map(found.marks.map(m => [m.id, m]));
    } catch {
      this.marks.clear();
    }
    this._changed.emit();
    if (this.told) {
      const at = cells.find(c => c.id === this.told?.id);
      if (at && (at.source !== this.told.code || this._toldAt !== this.summary?.version)) {
        await this.look(at.id);
      }
    }
  }

  private _changed = new Signal<this, void>(this);
  private _disposed = false;
  private _markTimer = 0;
  private _toldAt = -1;
  private _sent: { ticket: string; busy: boolean } | null = null;
}

/** Render what a run publishes, as the notebook would. */
function renderInto(model: OutputAreaModel, msg: KernelMessage.IIOPubMessage): void {
  if (
    KernelMessage.isStreamMsg(msg) ||
    KernelMessage.isDisplayDataMsg(msg) ||
    KernelMessage.isExecuteResultMsg(msg) ||
    KernelMessage.isErrorMsg(msg)
  ) {
    model.add({ output_type: msg.header.msg_type, ...msg.content } as never);
  } else if (KernelMessage.isClearOutputMsg(msg)) {
    model.clear(msg.content.wait);
  }
}
