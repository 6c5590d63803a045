import { Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONObject, PromiseDelegate } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ASK, Act, Answer, Done, News, PUSH, Question, Refused, SOURCE, Ticket, VERSION } from './protocol';

/** What is known of the other end of the line. */
export type Line = 'opening' | 'silent' | 'absent' | 'open' | 'foreign' | 'lost';

/** The kernel said no, in words for a person. */
export class RefusedError extends Error {
  constructor(readonly no: Refused) {
    super(no.what);
  }
}

/** What happens while an act runs. */
export interface IWatch {
  /** The id of the cell that the act belongs to. */
  cell?: string;
  /** The request went out under this future, for whoever renders its outputs. */
  onSent?(future: Future, ticket: string): void;
}

/** An execute request that went out. */
export type Future = Kernel.IShellFuture<KernelMessage.IExecuteRequestMsg, KernelMessage.IExecuteReplyMsg>;

const LOAD = '%load_ext comprehend_nb';
const SUBSHELL_PATIENCE = 1500;
/** After so many milliseconds a question may have been lost on its way. */
export const UNHEARD = 4000;
const SILENCE = 10_000;
const TRIES = 5;

/**
 * The conversation with one kernel: questions on one comm, news on another, and acts as execute requests.
 *
 * After a restart or a reconnect both comms are opened anew. Nothing is sent twice: whoever listens asks again.
 */
export class Channel implements IDisposable {
  constructor(readonly kernel: Kernel.IKernelConnection) {
    kernel.anyMessage.connect(this._overhear, this);
    kernel.statusChanged.connect(this._onStatus, this);
    kernel.connectionStatusChanged.connect(this._onConnection, this);
    this._setLine('opening');
    void this.open();
  }

  get line(): Line {
    return this._line;
  }

  /** What the kernel says unasked; null where the line or the leave to act changed. */
  get news(): ISignal<this, News | null> {
    return this._news;
  }

  /** How often something became new in this kernel. */
  get version(): number {
    return this._version;
  }

  get capability(): string {
    return this._capability;
  }

  /** Why a line is foreign: the kernel speaks another version of what is said here. */
  get foreign(): Refused | null {
    return this._foreign;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Open both comms, in place of those that were open before. */
  async open(): Promise<void> {
    const mine = ++this._opened;
    if (this._disposed || this.kernel.status === 'dead') {
      this._drop();
      return;
    }
    // the new comms first: with the last comm of a kind JupyterLab takes away the subshell, which the next one may have been given
    const ask = this.kernel.createComm(ASK);
    const push = this.kernel.createComm(PUSH);
    this._drop();
    this._ask = ask;
    this._push = push;
    if (this._line !== 'silent') {
      this._setLine('opening');
    }
    ask.onMsg = msg => this._answered(msg.content.data as JSONObject);
    ask.onClose = () => {
      if (mine === this._opened) {
        this._fail('this kernel has no comprehend-nb loaded');
        this._setLine('absent');
      }
    };
    push.onMsg = msg => this._heard(msg.content.data as unknown as News);
    await Promise.race([subshell(ask), pause(SUBSHELL_PATIENCE)]);
    if (mine !== this._opened || this._disposed) {
      return;
    }
    const opened = ask.open();
    push.open();
    // the kernel opens a comm on its main shell, and a question on a subshell would overtake that
    const met = opened.done.then(
      () => true,
      () => true
    );
    while (!(await Promise.race([met, pause(UNHEARD)]))) {
      if (mine !== this._opened || this._disposed) {
        return;
      }
      if (this.kernel.status === 'idle') {
        return this.open(); // it was lost: the line to a kernel that was started again is not there at once
      }
    }
    if (mine !== this._opened || this._disposed) {
      return;
    }
    const answer = this.ask({ ask: 'summary' }).then(
      (): Line | null => 'open',
      reason => {
        this._foreign = reason instanceof RefusedError && reason.no.kind === 'version' ? reason.no : null;
        return this._foreign ? 'foreign' : null;
      }
    );
    for (;;) {
      const answered = await Promise.race([answer, pause(UNHEARD)]);
      if (mine !== this._opened) {
        return;
      }
      if (answered) {
        this._setLine(answered);
      } else if (answered === undefined && this.kernel.status === 'idle') {
        await this.open(); // the question was lost: its subshell may have been taken away under it
      }
      if (answered !== undefined) {
        return;
      }
    }
  }

  /** Ask; RefusedError where the kernel says no. */
  async ask<T extends Answer>(question: Question): Promise<T> {
    const comm = this._ask;
    if (!comm || comm.isDisposed) {
      throw new RefusedError({ what: 'there is no kernel to ask' });
    }
    const n = ++this._number;
    const answer = new PromiseDelegate<Answer>();
    this._waiting.set(n, answer);
    comm.send({ n, v: VERSION, q: question as unknown as JSONObject });
    return (await answer.promise) as T;
  }

  /** Do something; what became of it. The kernel's own refusals come as a Done that is not ok. */
  async act(act: Act, watch: IWatch = {}): Promise<Done> {
    let ticket: Ticket;
    try {
      ticket = await this._ticket(act);
    } catch (reason) {
      if (reason instanceof RefusedError) {
        const { what, remedy } = reason.no;
        return { ticket: '', ok: false, what, remedy };
      }
      throw reason;
    }
    if (!ticket.line) {
      return { ticket: '', ok: true };
    }
    for (let again = 0; ; again++) {
      const future = this._execute(ticket.line, watch.cell);
      watch.onSent?.(future, ticket.ticket);
      const done = await this._done(future, ticket.ticket);
      // a cell that fails takes what waits behind it along; only a run of code was meant to come after that cell
      if (done !== 'aborted') {
        return done;
      } else if (act.do === 'run' || again === TRIES) {
        return { ticket: ticket.ticket, ok: false, what: 'not done: a cell before it failed', retry: true };
      }
    }
  }

  /** Call a ticket back that was not used yet. */
  async cancel(ticket: string): Promise<void> {
    await this.ask({ ask: 'cancel', ticket }).catch(() => undefined);
  }

  /** Load comprehend-nb into the kernel, as a cell with the magic would; also gives this front end leave to act. */
  async load(): Promise<boolean> {
    const reply = await this._execute(LOAD).done.catch(() => null);
    const ok = reply?.content.status === 'ok';
    if (ok && this._line === 'absent') {
      await this.open();
    }
    return ok;
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    window.clearTimeout(this._silence);
    this._drop();
    this.kernel.anyMessage.disconnect(this._overhear, this);
    this.kernel.statusChanged.disconnect(this._onStatus, this);
    this.kernel.connectionStatusChanged.disconnect(this._onConnection, this);
    Signal.clearData(this);
  }

  private async _ticket(act: Act): Promise<Ticket> {
    const wish = () =>
      this.ask<Ticket>({
        ask: 'ticket',
        capability: this._capability,
        act: act as unknown as Record<string, unknown>
      });
    try {
      return await wish();
    } catch (reason) {
      if (reason instanceof RefusedError && reason.no.kind === 'capability' && (await this.load())) {
        return wish();
      }
      throw reason;
    }
  }

  private _execute(code: string, cell = ''): Future {
    const content = { code, silent: false, store_history: false, stop_on_error: false, allow_stdin: true };
    return this.kernel.requestExecute(content, true, cell ? { cellId: cell } : {});
  }

  private async _done(future: Future, ticket: string): Promise<Done | 'aborted'> {
    try {
      const { content } = await future.done;
      for (const item of 'payload' in content ? (content.payload ?? []) : []) {
        if (item.source === SOURCE && item.done) {
          return { ok: true, ...(item.done as unknown as Done) };
        }
      }
      return content.status === 'aborted' ? 'aborted' : { ticket, ok: false, what: 'stopped', retry: true };
    } catch {
      return { ticket, ok: false, what: 'the kernel went away before it answered', retry: true };
    }
  }

  private _answered(data: JSONObject): void {
    const waiting = this._waiting.get(data.n as number);
    if (!waiting) {
      return;
    }
    this._waiting.delete(data.n as number);
    if (data.no) {
      waiting.reject(new RefusedError(data.no as unknown as Refused));
    } else {
      waiting.resolve(data.ok as unknown as Answer);
    }
  }

  private _heard(news: News): void {
    this._version = news.version;
    this._news.emit(news);
  }

  /** The reply to a cell that a person ran from here carries our capability; another front end may load comprehend-nb too. */
  private _overhear(_: unknown, args: Kernel.IAnyMessageArgs): void {
    const { msg, direction } = args;
    if (this._line === 'absent' && KernelMessage.isExecuteInputMsg(msg as KernelMessage.IIOPubMessage)) {
      const { code } = msg.content as { code: string };
      this._loading = code.includes('comprehend_nb') ? msg.parent_header : null;
    } else if (this._loading && msg.header.msg_type === 'status' && isIdleOf(msg, this._loading)) {
      this._loading = null;
      if (this._line === 'absent') {
        void this.open();
      }
    }
    if (direction !== 'recv' || msg.channel !== 'shell' || msg.header.msg_type !== 'execute_reply') {
      return;
    }
    const { payload } = msg.content as { payload?: JSONObject[] };
    for (const item of payload ?? []) {
      if (item.source === SOURCE && typeof item.capability === 'string') {
        this._capability = item.capability;
        if (this._line === 'absent') {
          void this.open();
        } else {
          this._news.emit(null);
        }
      }
    }
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._fresh = true;
      this._capability = '';
      this._opened++;
      this._drop();
      this._setLine('lost');
    } else if (this._fresh && (status === 'idle' || status === 'busy')) {
      this._fresh = false;
      void this.open();
    } else if (this._line === 'silent') {
      this._setLine('opening');
    }
  }

  /**
   * No answer of the kernel came for a while, though the server is there.
   *
   * A gateway takes no subprotocol, so JupyterLab connects twice under one session there, and the kernel may answer
   * the connection that is gone. Only a new page, which is a new session, helps then.
   */
  private _hush(): void {
    const waits = this._line === 'opening' || this._line === 'lost';
    const known = ['busy', 'dead'].includes(this.kernel.status);
    if (waits && !known && this.kernel.connectionStatus === 'connected') {
      this._setLine('silent');
    }
  }

  private _onConnection(_: unknown, status: Kernel.ConnectionStatus): void {
    if (status === 'connected' && this._wasGone) {
      this._wasGone = false;
      if (!this._fresh) {
        void this.open();
      }
    } else if (status !== 'connected' && this._line !== 'opening') {
      this._wasGone = true;
      this._drop();
      this._setLine('lost');
    }
  }

  private _setLine(line: Line): void {
    if (line !== this._line || !this._silence) {
      window.clearTimeout(this._silence);
      this._silence = window.setTimeout(() => this._hush(), SILENCE);
    }
    this._line = line;
    if (!this._disposed) {
      this._news.emit(null);
    }
  }

  private _drop(): void {
    for (const comm of [this._ask, this._push]) {
      if (comm && !comm.isDisposed) {
        comm.onClose = () => undefined;
        comm.dispose();
      }
    }
    this._ask = this._push = null;
    this._fail('the kernel went away before it answered');
  }

  private _fail(what: string): void {
    for (const waiting of this._waiting.values()) {
      waiting.promise.catch(() => undefined);
      waiting.reject(new RefusedError({ what }));
    }
    this._waiting.clear();
  }

  private _silence = 0;
  private _loading: object | null = null;
  private _line: Line = 'opening';
  private _news = new Signal<this, News | null>(this);
  private _capability = '';
  private _foreign: Refused | null = null;
  private _disposed = false;
  private _version = -1;
  private _fresh = false;
  private _wasGone = false;
  private _opened = 0;
  private _number = 0;
  private _ask: Kernel.IComm | null = null;
  private _push: Kernel.IComm | null = null;
  private _waiting = new Map<number, PromiseDelegate<Answer>>();
}

/** Questions go to a subshell where there is one; JupyterLab makes it for the comm, which does not say so in its type. */
function subshell(comm: Kernel.IComm): Promise<unknown> {
  const { subshellStarted } = comm as Kernel.IComm & { subshellStarted?: Promise<void> };
  return (subshellStarted ?? Promise.resolve()).catch(() => undefined);
}

function isIdleOf(msg: KernelMessage.IMessage, request: object): boolean {
  const { execution_state: state } = msg.content as { execution_state?: string };
  const id = (header: object) => (header as { msg_id?: string }).msg_id;
  return state === 'idle' && id(msg.parent_header) === id(request);
}

export function pause(ms: number): Promise<undefined> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
