import { NotebookPanel } from '@jupyterlab/notebook';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Channel, RefusedError } from './channel';
import { CellText, Mark, Marks } from './protocol';

const TYPING = 500;

/**
 * Where the code cells of one notebook stand, as the kernel last said.
 *
 * A mark depends on the cell's own text and on the kernel: so all cells are asked about when something is new there, and
 * after typing only those whose text is another one.
 */
export class Marking implements IDisposable {
  constructor(
    private readonly _panel: NotebookPanel,
    private readonly _line: () => Channel | null
  ) {
    _panel.context.ready.then(
      () => {
        _panel.content.model?.contentChanged.connect(() => this.soon(TYPING));
        this.soon(0);
      },
      () => undefined
    );
  }

  /** By the cell's id. */
  marks = new Map<string, Mark>();
  /** Why no cell is marked. */
  unmarked = '';

  /** Marks changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The cells as they are now were looked at, whether their marks changed or not. */
  get looked(): ISignal<this, CellText[]> {
    return this._looked;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Look at the cells after a pause (milliseconds); a later call begins the pause anew. */
  soon(pause: number): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this._look(), pause);
  }

  /** What was known came from another kernel. */
  forget(): void {
    this.marks.clear();
    this._texts.clear();
    this.unmarked = '';
    this._version = -1;
  }

  dispose(): void {
    this._disposed = true;
    window.clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private async _look(): Promise<void> {
    const channel = this._line();
    if (this._disposed || !channel || channel.line !== 'open' || !this._panel.content.model) {
      return;
    }
    const cells = this._panel.content.widgets
      .filter(w => w.model.type === 'code')
      .map(w => ({ id: w.model.id, source: w.model.sharedModel.getSource() }));
    const version = channel.version;
    const size = cells.reduce((sum, c) => sum + c.source.length, 0);
    if (this.unmarked && version === this._version && size >= this._size) {
      this._looked.emit(cells);
      return; // refused, and nothing is new that could change that
    }
    const all = this._version !== version;
    const wanted = all ? cells : cells.filter(c => this._texts.get(c.id) !== c.source);
    try {
      const found = wanted.length ? await channel.ask<Marks>({ ask: 'marks', cells: wanted }) : { version, marks: [] };
      if (channel !== this._line()) {
        return;
      }
      this._texts = new Map(cells.map(c => [c.id, c.source]));
      this._version = all ? found.version : version;
      this._take(new Map(found.marks.map(m => [m.id, m])));
    } catch (reason) {
      this.forget();
      this.unmarked = reason instanceof RefusedError && channel.line === 'open' ? reason.message : '';
      this._version = this.unmarked ? version : -1;
      this._size = size;
      this._changed.emit();
    }
    this._looked.emit(cells);
  }

  private _take(found: Map<string, Mark>): void {
    const now = new Map<string, Mark>();
    for (const id of this._texts.keys()) {
      const mark = found.get(id) ?? this.marks.get(id);
      if (mark) {
        now.set(id, mark);
      }
    }
    const told = (marks: Map<string, Mark>) => JSON.stringify([...marks]);
    if (this.unmarked || told(now) !== told(this.marks)) {
      this.marks = now;
      this.unmarked = '';
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _looked = new Signal<this, CellText[]>(this);
  private _disposed = false;
  private _timer = 0;
  private _version = -1;
  private _size = 0;
  private _texts = new Map<string, string>();
}
