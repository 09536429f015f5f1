/** Test support: the faults of the protocol-level server that a test can switch on. */
export type Address = Readonly<{ address: string; port: number }>

/** Numbers count down with each occurrence; the others last as long as they are set. */
export type Faults = {
  /** Appends that are stored, but whose call breaks before the answer. */
  loseAnswers: number
  /** Appends that are neither stored nor answered. */
  swallow: number
  /** So many appends are stored; all after them are neither stored nor answered. */
  swallowsAfter: number | undefined
  /** A batch call on which something is sent now never answers again. */
  stuck: boolean
  /** Delay of the answers to appends. */
  lateMs: number
  /** Answers to batched appends are held back until there are this many, and then sent in reverse order. */
  reorder: number
  /** The server is read-only: not ready to write. */
  readOnly: boolean
  /** Every append is denied. */
  denies: boolean
  /** Reads of `$all` are denied, as they are by default; everything else is allowed. */
  deniesAll: boolean
  /**
   * Somebody else leads: calls that need the leader are told where it is, gossip names it. `nobody`: there is none now.
   */
  leader: Address | 'nobody' | undefined
  /** The leader that gossip names, if it is another. */
  gossips: Address | undefined
  /** The leader is named without its address: no server should do so, and the client does not survive it by itself. */
  hidesLeader: boolean
  /** Reading calls break after `breakAfter` messages each. */
  breakReads: number
  breakAfter: number
  /** Reads of events begin and never send anything; the head can still be read. */
  hangs: boolean
  /** Knows the log through this position only, like a leader that does not know yet that it was deposed. */
  knowsThrough: bigint | undefined
  /** Subscriptions that would send something now never send again. */
  silent: boolean
  /** Subscriptions that would send an event now are ended: the consumer is too slow. */
  tooSlow: number
  /** Looking through `$all` by a filter waits for its turn before every so many records, and says nothing meanwhile. */
  scan: Readonly<{ records: number; turn: () => Promise<void> }> | undefined
  /**
   * A checkpoint carries the position of a record that has not been sent yet (version 25.0, and 24.10 before its fix),
   * and some come too early.
   */
  checkpointsAhead: boolean
  /** Versions before 23.10 do not say that a subscription has caught up. */
  hidesCaughtUp: boolean
}

export const noFaults = (): Faults => ({
  loseAnswers: 0,
  swallow: 0,
  swallowsAfter: undefined,
  stuck: false,
  lateMs: 0,
  reorder: 0,
  readOnly: false,
  denies: false,
  deniesAll: false,
  leader: undefined,
  gossips: undefined,
  hidesLeader: false,
  breakReads: 0,
  breakAfter: 0,
  hangs: false,
  knowsThrough: undefined,
  silent: false,
  tooSlow: 0,
  scan: undefined,
  checkpointsAhead: false,
  hidesCaughtUp: false,
})

/** Whether the fault occurs now; counts it down. */
export const takes = (faults: Faults, fault: 'loseAnswers' | 'swallow' | 'breakReads' | 'tooSlow'): boolean =>
  faults[fault] > 0 && faults[fault]-- > 0
