/** Test support: what the protocol-level server can be told to do wrong. */
export type Address = Readonly<{ address: string; port: number }>

/** Numbers count down with each occurrence; the rest lasts as long as it is set. */
export type Faults = {
  /** Appends that are stored, but whose call breaks before the answer. */
  loseAnswers: number
  /** Appends that are neither stored nor answered. */
  swallow: number
  /** A batch call on which something is sent now answers nothing for the rest of its life. */
  stuck: boolean
  /** Answers to appends come so much later. */
  lateMs: number
  /** Answers to batched appends are held back until there are so many, and then given last first. */
  reorder: number
  /** Not ready to write, as a server is that may only read. */
  readOnly: boolean
  /** Whoever we are, we may not. */
  denies: boolean
  /** Lets nobody read `$all`, as a server does whose own rule for it is kept; everything else may be done. */
  deniesAll: boolean
  /**
   * Somebody else leads: calls that need the leader are told where it is, gossip names it. `nobody`: there is none now.
   */
  leader: Address | 'nobody' | undefined
  /** Whom gossip names as the leader, if not that one. */
  gossips: Address | undefined
  /** The leader is told without its address: no server should, and the client does not survive it by itself. */
  hidesLeader: boolean
  /** Reading calls break after `breakAfter` messages each. */
  breakReads: number
  breakAfter: number
  /** Reads of events begin and never say anything; the head can still be read. */
  hangs: boolean
  /** Knows the log through this position only, as a leader does that does not know yet that it was deposed. */
  knowsThrough: bigint | undefined
  /** Subscriptions that have something to say now keep silent for the rest of their lives. */
  deaf: boolean
  /** Servers before 22.6 tell no position when a stream is read. */
  hidesStreamPositions: boolean
  /** Tells no position of what was appended. */
  hidesAppendPositions: boolean
  /**
   * 20.6-era servers tell failures by trailers only, and of events appended together the prepare position of the first.
   */
  isOf206: boolean
}

export const noFaults = (): Faults => ({
  loseAnswers: 0,
  swallow: 0,
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
  deaf: false,
  hidesStreamPositions: false,
  hidesAppendPositions: false,
  isOf206: false,
})

/** Whether the fault occurs now. */
export const takes = (faults: Faults, fault: 'loseAnswers' | 'swallow' | 'breakReads'): boolean =>
  faults[fault] > 0 && faults[fault]-- > 0
