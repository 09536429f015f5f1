import { DAY_MS, HOUR_MS, MINUTE_MS, type EpochMs } from '../../domain/interval.js'
import type { Centre } from '../centre.js'
import { declareInitial, goOffQueue, goOnQueue, setPresence } from './attendance.js'
import { newDesk, type Desk } from './desk.js'
import type { Presence } from '../roster/presence-definitions.js'

const shiftMs = 8.5 * HOUR_MS

/**
 * When shifts begin (hour of the day, UTC) and which share of the staff begins then. Follows the arrival curve about an
 * hour ahead.
 */
const shiftStarts: readonly (readonly [hour: number, share: number])[] = [
  [22, 0.06],
  [6, 0.14],
  [7, 0.2],
  [8, 0.24],
  [9, 0.12],
  [11, 0.08],
  [13, 0.12],
  [14, 0.04],
]

type Pause = Readonly<{ afterMs: number; forMs: number; presence: Presence }>

/** Creates all desks, reports who is already at work, and schedules shifts day by day. */
export const staff = (centre: Centre): void => {
  const { agents } = centre.roster
  centre.desks = agents.map((agent) => newDesk(agent, centre.now))
  const starts = centre.random.shuffled(agents.map((_, index) => startHourOf((index + 0.5) / agents.length)))
  const today = Math.floor(centre.now / DAY_MS) * DAY_MS
  centre.desks.forEach((desk, index) => {
    const startMs = (starts[index] ?? 8) * HOUR_MS + centre.random.between(-10, 10) * MINUTE_MS
    // A shift of the day before may still be running.
    for (const day of [today - DAY_MS, today]) beginIfWorking(centre, desk, day + startMs)
    declareInitial(centre, desk)
    const firstDay = today + startMs > centre.now ? today : today + DAY_MS
    everyDay(centre, desk, firstDay + startMs)
  })
}

const startHourOf = (quantile: number): number => {
  let reached = 0
  for (const [hour, share] of shiftStarts) {
    reached += share
    if (quantile < reached) return hour
  }
  return 8
}

const beginIfWorking = (centre: Centre, desk: Desk, startAt: EpochMs): void => {
  if (startAt > centre.now || startAt + shiftMs <= centre.now) return
  desk.presence = 'ON_QUEUE'
  desk.status = 'IDLE'
  desk.accepting = true
  planShift(centre, desk, startAt)
}

const everyDay = (centre: Centre, desk: Desk, startAt: EpochMs): void => {
  centre.schedule(startAt, () => {
    setPresence(centre, desk, 'AVAILABLE')
    centre.after(centre.random.between(30_000, 180_000), () => {
      goOnQueue(centre, desk)
    })
    planShift(centre, desk, startAt)
    everyDay(centre, desk, startAt + DAY_MS)
  })
}

/** Two breaks, a meal, now and then a meeting or a training, and the end. */
const planShift = (centre: Centre, desk: Desk, startAt: EpochMs): void => {
  const { random } = centre
  const pauses: Pause[] = [
    { afterMs: random.between(95, 150) * MINUTE_MS, forMs: random.between(10, 18) * MINUTE_MS, presence: 'BREAK' },
    { afterMs: random.between(210, 290) * MINUTE_MS, forMs: random.between(28, 46) * MINUTE_MS, presence: 'MEAL' },
    { afterMs: random.between(370, 430) * MINUTE_MS, forMs: random.between(10, 18) * MINUTE_MS, presence: 'BREAK' },
  ]
  if (random.chance(0.2))
    pauses.push({
      afterMs: random.between(20, 60) * MINUTE_MS,
      forMs: 20 * MINUTE_MS,
      presence: random.pick(['MEETING', 'TRAINING']),
    })
  if (random.chance(0.3))
    pauses.push({
      afterMs: random.between(440, 470) * MINUTE_MS,
      forMs: random.between(2, 8) * MINUTE_MS,
      presence: random.pick(['AWAY', 'BUSY']),
    })
  desk.shiftEndAt = startAt + shiftMs
  for (const pause of pauses)
    if (startAt + pause.afterMs > centre.now)
      centre.schedule(startAt + pause.afterMs, () => takePause(centre, desk, pause))
  centre.schedule(startAt + shiftMs, () => {
    goOffQueue(centre, desk, 'OFFLINE')
  })
}

const takePause = (centre: Centre, desk: Desk, pause: Pause): void => {
  if (!desk.accepting) return
  goOffQueue(centre, desk, pause.presence)
  waitForIt(centre, desk, pause)
}

/** A pause lasts its full time from its actual beginning. */
const waitForIt = (centre: Centre, desk: Desk, pause: Pause): void => {
  if (desk.wanted === pause.presence) {
    centre.after(5_000, () => {
      waitForIt(centre, desk, pause)
    })
    return
  }
  centre.after(pause.forMs, () => {
    if (desk.presence === pause.presence && desk.wanted === null && centre.now < desk.shiftEndAt)
      goOnQueue(centre, desk)
  })
}
