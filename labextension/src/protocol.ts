// Made from comprehend_nb/panel/protocol.py; a test compares both. Do not edit.

export const VERSION = 2;
export const ASK = 'comprehend_nb.ask';
export const PUSH = 'comprehend_nb.push';
export const SOURCE = 'comprehend_nb';
export const ROWS = 200;
export const SOURCES = 1000000;

/** The session at a glance. `capability`: does it hold? */
export interface AskSummary {
  ask: 'summary';
  capability?: string;
}

/** Rows of the state from `first` on, of the names that hold `filter`; `count` 0: nobody looks at them any more. */
export interface AskRows {
  ask: 'rows';
  first?: number;
  count?: number;
  filter?: string;
}

/** One object as fully as a model would be told of it. */
export interface AskFull {
  ask: 'full';
  name: string;
}

/** Live names that begin with `prefix`, to complete what is typed after `$`. */
export interface AskNames {
  ask: 'names';
  prefix?: string;
}

/** What the next request would send, and cost. */
export interface AskCost {
  ask: 'cost';
  text?: string;
}

/** All drafts that are not finished, and those that were accepted and stand in no cell yet. */
export interface AskDrafts {
  ask: 'drafts';
}

/** What a draft's run showed, as it was kept. */
export interface AskOutputs {
  ask: 'outputs';
  draft: string;
}

/** Why these words do not count as an explanation yet; `target` is a draft's label or a fingerprint. */
export interface AskJudge {
  ask: 'judge';
  target: string;
  parts: Record<string, string>;
}

/** A code cell as it stands in the open notebook. */
export interface CellText {
  id: string;
  source: string;
}

/** Where cells stand. */
export interface AskMarks {
  ask: 'marks';
  cells: CellText[];
}

/** Who explained a cell, and what renewing it starts from. */
export interface AskTold {
  ask: 'told';
  cell: CellText;
}

/** The numbers of `comprehend-nb report` for this project; `again`: worked out anew. Ask again while they are being worked out. */
export interface AskReport {
  ask: 'report';
  again?: boolean;
}

/** A ticket that shall not be used any more. */
export interface AskCancel {
  ask: 'cancel';
  ticket: string;
}

/** Leave to do `act`, once. */
export interface AskTicket {
  ask: 'ticket';
  capability: string;
  act: Record<string, unknown>;
}

/** Ask the model; `hint` for a question back or the next step, without code. */
export interface DoAsk {
  do: 'ask';
  text?: string;
  hint?: boolean;
}

/** Run a draft in a throwaway copy of the kernel. */
export interface DoPreview {
  do: 'preview';
  draft: string;
  shown: string;
}

/** Run a draft in the kernel. */
export interface DoRun {
  do: 'run';
  draft: string;
  shown: string;
}

/** Put the person's own code in place of a draft's. */
export interface DoEdit {
  do: 'edit';
  draft: string;
  shown: string;
  code: string;
}

/** Put a draft away. */
export interface DoReject {
  do: 'reject';
  draft: string;
  shown: string;
  reason?: string;
}

/** Explain a draft (by label) or a cell that ran (by fingerprint). */
export interface DoExplain {
  do: 'explain';
  target: string;
  shown: string;
  parts: Record<string, string>;
}

/** An accepted draft stands in this cell of the notebook now. */
export interface DoPlaced {
  do: 'placed';
  draft: string;
  cell: string;
}

/** Never send these names, or let them be sent again. */
export interface DoHide {
  do: 'hide';
  names: string[];
  hide?: boolean;
}

/** The next question about a draft or cell, or where there is an `answer`, that answer graded. */
export interface DoCheck {
  do: 'check';
  target: string;
  answer?: string;
}

/** Export the project; `check` only says what would be refused. */
export interface DoExport {
  do: 'export';
  check?: boolean;
}

/** Why there is no answer, and what to do. */
export interface Refused {
  what: string;
  remedy?: string;
  kind?: 'busy' | 'capability' | 'fault' | 'moved' | 'version';
}

/** The session at a glance; `kernel` differs after a restart, `version` grows with each change. */
export interface Summary {
  protocol: number;
  kernel: string;
  version: number;
  model: string;
  rules: boolean;
  spent: string;
  may?: boolean;
  names?: number;
  drafts?: number;
  asked?: string[];
  can?: string[];
  note?: string;
  refused?: string[];
}

/** One live name as the model would see it; `change` since the last request: added, rebound, changed. */
export interface Row {
  name: string;
  type: string;
  text?: string;
  change?: string;
  hidden?: '' | 'alias' | 'policy' | 'you';
  redacted?: boolean;
}

/** A window of the state: `total` names match of `all`, these begin at `first`. */
export interface Rows {
  version: number;
  total: number;
  all: number;
  first: number;
  rows: Row[];
}

/** The text that a model would be sent of one object. */
export interface Full {
  name: string;
  text: string;
}

/** Live names. */
export interface Names {
  names: string[];
}

/** Of the next request: where it goes, at most how many tokens, at most how many dollars (absent: unknown). */
export interface Cost {
  to: string;
  text: string;
  tokens?: number;
  usd?: number | null;
}

/** A draft as it is shown. `base` is the source of the cell `target` that it is to replace, as it was when asked. */
export interface DraftView {
  label: string;
  code: string;
  state: 'accepted' | 'failed' | 'open' | 'rejected' | 'run';
  proposer: string;
  intent?: string;
  assumption?: string;
  notes?: string[];
  risks?: string[];
  edited?: boolean;
  after?: string;
  target?: string;
  base?: string;
  replaces?: string;
  outcome?: string;
  tried?: string;
  outputs?: number;
  here?: boolean;
  asks?: string[];
  mine?: Record<string, string>;
  hides?: boolean;
}

/** Drafts, oldest first; `placing` were accepted and stand in no cell yet. */
export interface Drafts {
  version: number;
  open: DraftView[];
  placing?: DraftView[];
}

/** Outputs as the notebook format holds them; `cut`: some were too large. */
export interface Outputs {
  outputs: Record<string, unknown>[];
  cut?: boolean;
}

/** Why the words fall short, by part; nothing where they would do. */
export interface Judged {
  reasons: Record<string, string>;
}

/** Where one cell stands. */
export interface Mark {
  id: string;
  label: string;
  needed?: string;
  ai?: boolean;
  understood?: boolean;
  reasons?: string[];
  name?: string;
}

/** Where cells stand, as this kernel knows it; `check` and `export` read the files and decide. */
export interface Marks {
  version: number;
  marks: Mark[];
}

/** One explanation that somebody gave. */
export interface Said {
  who: string;
  at: string;
  parts: Record<string, string>;
  holds?: boolean;
}

/** What is known of a cell; `was` is its code as it was last explained, where that is known, `mine` the person's own words then. */
export interface Told {
  id: string;
  fingerprint: string;
  label: string;
  code?: string;
  ran?: boolean;
  reasons?: string[];
  explanations?: Said[];
  asks?: string[];
  mine?: Record<string, string>;
  was?: string;
}

/** One number of the report in words, with what it means; `unknown` where it cannot be told. */
export interface Figure {
  name: string;
  value: string;
  interval?: string;
  meaning?: string;
  unknown?: boolean;
}

/** How much of the logic is in one class, from 0 to 1. */
export interface Share {
  name: string;
  share: number;
  meaning?: string;
}

/** The report in numbers; `working`: it is being worked out, and what is here is the one before. `what` says why there is none. */
export interface Reported {
  project?: string;
  at?: string;
  working?: boolean;
  shares?: Share[];
  figures?: Figure[];
  next?: string[];
  notes?: string[];
  what?: string;
  remedy?: string;
}

/** Leave for one act: `line` is what to execute. */
export interface Ticket {
  ticket: string;
  line: string;
}

/** A table of text, made of what a run showed. */
export interface Table {
  head: string[];
  rows: string[][];
  more?: number;
}

/** One thing that a preview showed: text, a PNG (base64), or a table of text. Never HTML, Markdown or SVG. */
export interface Shown {
  text?: string;
  png?: string;
  table?: Table | null;
}

/** One question of a check, or with a `verdict` (passed, towards, failed, attested) what became of its answer; `over`: nothing follows. */
export interface Item {
  text: string;
  verdict?: string;
  over?: boolean;
}

/** What became of an act; it comes in the reply to the ticket's line. */
export interface Done {
  ticket: string;
  ok?: boolean;
  what?: string;
  remedy?: string;
  retry?: boolean;
  draft?: string;
  answer?: string;
  proposer?: string;
  reasons?: Record<string, string>;
  place?: DraftView | null;
  outputs?: Record<string, unknown>[];
  changes?: string;
  shown?: Shown[];
  lines?: string[];
  item?: Item | null;
}

/** What a model is writing, as far as it came; `over`: nothing more of it comes. */
export interface Writing {
  text?: string;
  code?: string;
  over?: boolean;
}

/** All that the kernel says unasked: the rows that this front end asked for last, where they are others now.

    Where `stamp` is there and another than before, drafts or the summary have changed; `ask`: the kernel could not look, ask for all of it. */
export interface News {
  kernel: string;
  version: number;
  stamp?: number;
  names?: number;
  rows?: Rows | null;
  ask?: boolean;
  writing?: Writing | null;
}

export type Question =
  | AskSummary
  | AskRows
  | AskFull
  | AskNames
  | AskCost
  | AskDrafts
  | AskOutputs
  | AskJudge
  | AskMarks
  | AskTold
  | AskReport
  | AskCancel
  | AskTicket;

export type Act =
  | DoAsk
  | DoPreview
  | DoRun
  | DoEdit
  | DoReject
  | DoExplain
  | DoPlaced
  | DoHide
  | DoCheck
  | DoExport;

export type Answer =
  | Summary
  | Rows
  | Full
  | Names
  | Cost
  | Drafts
  | Outputs
  | Judged
  | Marks
  | Told
  | Reported
  | Ticket;
