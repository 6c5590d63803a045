import { IStateDB } from '@jupyterlab/statedb';

const PREFIX = 'comprehend-nb:typed';
const PAUSE = 250;

/**
 * Text that a person has begun and not handed in: the one thing that the kernel does not hold.
 *
 * It is kept in JupyterLab's own database, by notebook, draft and field, and taken out when it was handed in.
 */
export class Typed {
  constructor(private readonly _db: IStateDB | null) {}

  /** What was typed under this key, from memory; `ready` says when the database has been read. */
  get(key: string): string {
    return this._texts.get(key) ?? '';
  }

  has(key: string): boolean {
    return this._texts.has(key);
  }

  set(key: string, text: string): void {
    if (text) {
      this._texts.set(key, text);
    } else {
      this._texts.delete(key);
    }
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this.flush(), PAUSE);
  }

  /** Everything under keys that begin so was handed in. */
  drop(prefix: string): void {
    for (const key of [...this._texts.keys()]) {
      if (key.startsWith(prefix)) {
        this._texts.delete(key);
      }
    }
    void this.flush();
  }

  async flush(): Promise<void> {
    window.clearTimeout(this._timer);
    if (this._db) {
      await this.ready;
      await this._db.save(PREFIX, Object.fromEntries([...this._texts].slice(-200)));
    }
  }

  readonly ready: Promise<void> = Promise.resolve().then(() => this._read());

  private async _read(): Promise<void> {
    const found = (await this._db?.fetch(PREFIX).catch(() => undefined)) as Record<string, unknown> | undefined;
    for (const [key, text] of Object.entries(found ?? {})) {
      if (typeof text === 'string' && !this._texts.has(key)) {
        this._texts.set(key, text);
      }
    }
  }

  private _texts = new Map<string, string>();
  private _timer = 0;
}
