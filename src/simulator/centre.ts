import type { EpochMs } from '../domain/interval.js'
import type { Desk } from './agents/desk.js'
import type { Happening } from './happening.js'
import type { AgentLeg, Conversation, CustomerLeg, DisconnectType, QueueEntry } from './conversations/leg.js'
import type { MediaType } from './roster/media.js'
import type { ResolvedOptions } from './options.js'
import type { SeededRandom } from './random.js'
import type { Roster } from './roster/roster.js'
import { TimeHeap } from './time-heap.js'

/**
 * The steps of a conversation. They call each other in cycles (a transfer leads back to a queue, a missed alert to the
 * next agent), so they are connected here instead of importing each other.
 */
export type Steps = Readonly<{
  /** Puts a customer into a queue and starts the search for an agent. */
  enterQueue: (customer: CustomerLeg, queueIndex: number, mediaType: MediaType) => void
  /** Looks for an agent for a waiting entry, again. */
  seekAgent: (entry: QueueEntry) => void
  /** Looks for work for a free agent. */
  seekWork: (desk: Desk) => void
  /** A waiting entry leaves its queue because its time is over. */
  flowOut: (entry: QueueEntry) => void
  /** The customer gives up. */
  abandon: (entry: QueueEntry, disconnectType: 'PEER' | 'SYSTEM') => void
  alert: (entry: QueueEntry, desk: Desk) => void
  /** An agent has the customer: talk, hold, transfer, end, after-call work. */
  handle: (leg: AgentLeg, desk: Desk) => void
  /** An agent accepted a callback and calls the customer. */
  callBack: (leg: AgentLeg, desk: Desk) => void
  customerLeaves: (customer: CustomerLeg, disconnectType: DisconnectType) => void
}>

/** A running contact centre: its people, its schedule, and the one place that reports happenings. */
export class Centre {
  readonly options: ResolvedOptions
  readonly roster: Roster
  /** Decides what happens. */
  readonly random: SeededRandom
  /** Draws ids. It is separate from `random`, so that an additional id does not change what happens. */
  readonly ids: SeededRandom
  readonly tell: (happening: Happening) => void
  desks: readonly Desk[] = []
  /** By queue: who waits, longest first. */
  readonly waiting: QueueEntry[][]
  /** Conversations, sessions and wrap-ups that still have to end. */
  openWork = 0
  now: EpochMs
  readonly #agenda = new TimeHeap<() => void>()
  #steps: Steps | null = null

  constructor(options: ResolvedOptions, roster: Roster, random: SeededRandom, tell: (happening: Happening) => void) {
    this.options = options
    this.roster = roster
    this.random = random.fork('course')
    this.ids = random.fork('ids')
    this.tell = tell
    this.waiting = roster.queues.map(() => [])
    this.now = options.fromMs
  }

  get steps(): Steps {
    if (this.#steps === null) throw new Error('a centre is used before its steps are wired')
    return this.#steps
  }

  wire(steps: Steps): void {
    this.#steps = steps
  }

  /** Calls `action` when the clock comes to `at`. */
  schedule(at: EpochMs, action: () => void): void {
    this.#agenda.push(Math.max(at, this.now), action)
  }

  after(ms: number, action: () => void): void {
    this.schedule(this.now + ms, action)
  }

  /** Moves the clock to the next scheduled action and runs it. Returns false if there is none up to `through`. */
  step(through: EpochMs): boolean {
    if (this.#agenda.nextAt > through) return false
    this.now = this.#agenda.nextAt
    const action = this.#agenda.pop()
    if (action === undefined) return false
    action()
    return true
  }
}

/** Adds a division to those that the conversation has touched. */
export const touchDivision = (conversation: Conversation, divisionId: string): void => {
  if (!conversation.divisionIds.includes(divisionId)) conversation.divisionIds.push(divisionId)
}
