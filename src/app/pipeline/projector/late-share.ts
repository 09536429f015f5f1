/** The alarm is raised while more than this share of the events of the window are too late. */
const SHARE_MAX = 0.1
/** With fewer events a share says nothing. */
const EVENTS_MIN = 100
const WINDOW_MS = 5 * 60_000
const SLOTS = 10
const SLOT_MS = WINDOW_MS / SLOTS

type Slot = { start: number; events: number; tooLate: number }

export type LateShare = Readonly<{ events: number; tooLate: number; isAlarming: boolean }>

/**
 * Counts folded events, and those that were refused as too late, over the last five minutes. A few late events are
 * normal; when every tenth is too late, the clock of the log is probably wrong, or a backlog is older than the horizon.
 */
export class LateCount {
  private readonly now: () => number
  private readonly slots: Slot[] = []

  constructor(now: () => number) {
    this.now = now
  }

  add(events: number, tooLate: number): void {
    const start = Math.floor(this.now() / SLOT_MS) * SLOT_MS
    let slot = this.slots.at(-1)
    if (slot?.start !== start) this.slots.push((slot = { start, events: 0, tooLate: 0 }))
    slot.events += events
    slot.tooLate += tooLate
  }

  share(): LateShare {
    const oldest = this.now() - WINDOW_MS
    while (this.slots[0] !== undefined && this.slots[0].start <= oldest) this.slots.shift()
    const events = this.slots.reduce((sum, slot) => sum + slot.events, 0)
    const tooLate = this.slots.reduce((sum, slot) => sum + slot.tooLate, 0)
    return { events, tooLate, isAlarming: events >= EVENTS_MIN && tooLate > SHARE_MAX * events }
  }
}
