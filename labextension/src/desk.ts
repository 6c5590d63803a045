import { NotebookPanel } from '@jupyterlab/notebook';
import { OutputAreaModel } from '@jupyterlab/outputarea';
import { KernelMessage } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Channel, Future, Line, RefusedError, UNHEARD, pause } from './channel';
import { Marking } from './marking';
import { renderInto } from './outputs';
import { conflictOf, place } from './place';
import { Act, CellText, Done, DraftView, Drafts, Mark, News, Rows, Summary, Told, Writing } from './protocol';
import { Typed } from './typed';

/** An act that is under way. */
export interface IDoing {
  act: Act['do'];
  /** The draft's label, or the fingerprint of the cell that it is about. */
  target: string;
  lines: string[];
  /** It waits for what runs in the kernel. */
  waits: boolean;
}

/** Rows of the state that somebody looks at. */
export interface IWindow {
  first: number;
  count: number;
  filter: string;
}

const AFTER_PAINT = 50;
const PATIENCE = 400;

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
    this.marking = new Marking(panel, () => this.channel);
    this.marking.changed.connect(() => this._changed.emit());
    this.marking.looked.connect((_, cells) => void this._seen(cells));
    panel.disposed.connect(() => this.dispose());
    void typed.ready.then(() => this._changed.emit());
    this._kernelChanged();
  }

  channel: Channel | null = null;
  summary: Summary | null = null;
  drafts: Drafts | null = null;
  readonly marking: Marking;
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
  /** The rows that are looked at. */
  rows: Rows | null = null;
  /** What a model is writing. */
  writing: Writing | null = null;

  /** Only the rows changed. */
  get rowsChanged(): ISignal<this, void> {
    return this._rowsChanged;
  }

  /** Only what a model is writing changed. */
  get wrote(): ISignal<this, void> {
    return this._wrote;
  }

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

  /** Where the code cells stand, by their ids. */
  get marks(): Map<string, Mark> {
    return this.marking.marks;
  }

  can(act: Act['do']): boolean {
    return (this.summary?.can ?? []).includes(act);
  }

  draft(label: string): DraftView | undefined {
    return [...(this.drafts?.open ?? []), ...(this.drafts?.placing ?? [])].find(d => d.label === label);
  }

  /** Look at these rows from now on: they come with the news. Null: nobody looks. While one question is out the latest wish waits. */
  async watch(rows: IWindow | null): Promise<void> {
    this._window = rows;
    this._wishes++;
    const channel = this.channel;
    if (!channel || channel.line !== 'open' || (!rows && !this.rows) || this._fetching === channel) {
      return;
    }
    this._fetching = channel;
    for (let served = -1; served !== this._wishes && channel === this.channel && channel.line === 'open';) {
      served = this._wishes;
      const asked = this._window;
      const wanted = asked ?? { first: 0, count: 0, filter: '' };
      const answer = channel.ask<Rows>({ ask: 'rows', ...wanted }).then(
        found => {
          const sought = asked?.filter === this._window?.filter && !asked === !this._window;
          if (sought && channel === this.channel) {
            this._take(asked ? found : null);
          }
        },
        () => undefined
      );
      await Promise.race([answer, pause(UNHEARD)]); // one that was lost, or waits for a cell, holds up no later wish
    }
    if (this._fetching === channel) {
      this._fetching = null;
    }
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
    this.marking.soon(AFTER_PAINT);
  }

  /** Do something, and show that it is being done; another act waits for its turn in the kernel. */
  async act(act: Act, render?: OutputAreaModel): Promise<Done> {
    const channel = this.channel;
    if (!channel) {
      return { ticket: '', ok: false, what: 'there is no kernel' };
    }
    const target = ('draft' in act && act.draft) || ('target' in act && act.target) || '';
    const doing: IDoing = { act: act.do, target, lines: [], waits: false };
    this.doing = doing;
    this._stopped = false;
    this._changed.emit();
    const patience = window.setTimeout(() => {
      if (this.doing === doing && !this._sent?.busy) {
        doing.waits = true;
        this._changed.emit();
      }
    }, PATIENCE);
    try {
      const done = await channel.act(act, {
        cell: this.panel.content.activeCell?.model.id,
        onSent: (future, ticket) => {
          this._sent = { ticket, busy: false };
          if (this._stopped) {
            void channel.cancel(ticket);
          }
          future.onIOPub = msg => this._published(msg, doing, render);
          future.onStdin = msg => void this.input?.(msg, future);
        }
      });
      if (target && act.do !== 'check') {
        this.became.set(target, { ...done, act: act.do });
      }
      return done;
    } finally {
      window.clearTimeout(patience);
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
    this._stopped = true;
    if (!channel || !sent) {
      return; // it is called back as soon as it has a ticket
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
      this.marking.dispose();
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
    this.channel?.news.connect((_, news) => (news ? this._hear(news) : this._lineChanged()));
    void this.refresh();
  }

  private _lineChanged(): void {
    if (this.channel?.line !== 'open') {
      this._forget();
    } else {
      void this.watch(this._window);
    }
    void this.refresh();
  }

  /** Rows first, for they are looked at; the rest is asked for where it changed. */
  private _hear(news: News): void {
    if (news.writing) {
      this.writing = news.writing.over ? null : news.writing;
      this._wrote.emit();
      return;
    }
    if (news.rows) {
      this._take(news.rows);
    }
    if (!news.ask && !news.stamp) {
      return; // the rest comes after the reply to the cell
    }
    if (this.summary) {
      this.summary = { ...this.summary, version: news.version, names: news.names ?? 0 };
    }
    if (news.ask) {
      void this.watch(this._window);
    }
    if (news.ask || news.stamp !== this._stamp) {
      this._stamp = news.stamp ?? 0;
      void this.refresh();
    } else {
      this.marking.soon(AFTER_PAINT);
    }
  }

  private _take(rows: Rows | null): void {
    if (!rows || !this.rows || rows.version >= this.rows.version) {
      this.rows = rows;
      this._rowsChanged.emit();
    }
  }

  private _forget(): void {
    this.summary = this.drafts = this.told = this.doing = this.rows = this.writing = null;
    this._stamp = 0;
    this.marking.forget();
  }

  private _published(msg: KernelMessage.IIOPubMessage, doing: IDoing, render?: OutputAreaModel): void {
    if (this._sent && KernelMessage.isStatusMsg(msg)) {
      this._sent.busy = msg.content.execution_state === 'busy';
      if (doing.waits && this._sent.busy) {
        doing.waits = false;
        this._changed.emit();
      }
    } else if (render) {
      renderInto(render, msg);
    } else if (KernelMessage.isStreamMsg(msg)) {
      doing.lines.push(...msg.content.text.split('\n').filter(Boolean));
      this._changed.emit();
    }
  }

  /** The cells as they are now: a draft's target may have moved on, and so may the cell that is looked at closer. */
  private async _seen(cells: CellText[]): Promise<void> {
    this._compare();
    const at = cells.find(c => c.id === this.told?.id);
    if (at && (at.source !== this.told?.code || this._toldAt !== this.summary?.version)) {
      await this.look(at.id);
    }
  }

  /** A cell that a draft is to replace may have moved on, whatever its mark says. */
  private _compare(): void {
    const drafts = [...(this.drafts?.open ?? []), ...(this.drafts?.placing ?? [])];
    const moved = drafts.map(d => conflictOf(this.panel, d)).join();
    if (moved !== this._moved) {
      this._moved = moved;
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _rowsChanged = new Signal<this, void>(this);
  private _wrote = new Signal<this, void>(this);
  private _window: IWindow | null = null;
  private _wishes = 0;
  private _fetching: Channel | null = null;
  private _stamp = 0;
  private _stopped = false;
  private _disposed = false;
  private _moved = '';
  private _toldAt = -1;
  private _sent: { ticket: string; busy: boolean } | null = null;
}
