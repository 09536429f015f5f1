import { abandon, customerLeaves, flowOut } from './conversations/leaving.js'
import { alert } from './agents/alerting.js'
import { scheduleArrivals } from './conversations/arrivals.js'
import { Centre } from './centre.js'
import { DeliveryLane, type Delivery } from './delivery/delivery.js'
import { detailEvents } from './wire/detail-events.js'
import { scheduleDialer } from './conversations/dialer.js'
import { callBack, scheduleOwnCalls } from './agents/dialing.js'
import { handle } from './conversations/handling.js'
import type { Observer } from './happening.js'
import { agentSegments } from './wire/agent-segments.js'
import { ConversationDetails } from './answers/conversation-details.js'
import { metricRecords } from './wire/metric-records.js'
import { resolveOptions, type SimulateOptions } from './options.js'
import { enterQueue, seekAgent, seekWork } from './conversations/queueing.js'
import { SeededRandom } from './random.js'
import { drawRoster, type Roster } from './roster/roster.js'
import { staff } from './agents/staffing.js'
import { intervalCeiling, truthOf, type Books, type Truth, type TruthView } from './truth/truth.js'
import { TruthLedger } from './truth/ledger.js'
import { userEvents } from './wire/user-events.js'

/**
 * Lines in delivery order, to be read once. When they have been read to the end, `truth` is known, and `details` gives
 * the same conversations as the analytics API records them, if the option `details` asks for them; both throw before.
 */
export type Simulation = Iterable<Delivery> &
  Readonly<{ roster: Roster; truth: (view?: TruthView) => Truth; details: () => Iterable<object> }>

/**
 * A seeded contact centre. A discrete-event simulation of people: callers arrive, wait and give up, agents come to
 * work, ring, talk, hold, transfer and rest. The same options give the same bytes. What happens depends on seed, size
 * and times only: asking for another envelope, for duplicates or for only one kind of event shows the same centre.
 * Throws a RangeError that names a wrong option.
 */
export const simulate = (options: SimulateOptions): Simulation => {
  const resolved = resolveOptions(options)
  const random = new SeededRandom(`streamvane/${resolved.seed}`)
  const roster = drawRoster(resolved, random.fork('roster'))
  const ledger = new TruthLedger(resolved.truthOf)
  const lane = new DeliveryLane(resolved, roster.orgId, random.fork('delivery'))
  const observers: Observer[] = []
  const centre = new Centre(resolved, roster, random, (happening) => {
    ledger.observe(happening)
    for (const observe of observers) observe(happening)
  })
  const publish = (at: number, template: string, id: string, body: string): void => {
    lane.send(centre.now, { at, template, id, body })
  }
  observers.push(userEvents(publish, random.fork('user-events'), roster))
  if (resolved.emit !== 'detail-events') observers.push(metricRecords(publish, random.fork('metric-records')))
  if (resolved.emit !== 'metric-records')
    observers.push(detailEvents(publish, random.fork('detail-events')), agentSegments(publish))
  const details = resolved.details ? new ConversationDetails() : null
  if (details !== null) observers.push((happening) => details.observe(happening))
  wire(centre)

  let books: Books | null = null
  let begun = false
  function* lines(): Generator<Delivery, void, undefined> {
    if (begun) throw new Error('a simulation is read once; call simulate again for another run')
    begun = true
    open(centre)
    let goes = true
    while (goes) {
      goes = goesOn(centre)
      const until = goes ? centre.now : Infinity
      for (let next = lane.popDue(until); next !== undefined; next = lane.popDue(until)) yield next
    }
    const through = resolved.cutAtEnd ? resolved.endMs : intervalCeiling(Math.max(resolved.endMs, ledger.lastAt + 1))
    books = ledger.close(resolved.fromMs, through, lane.counts)
  }
  return {
    roster,
    [Symbol.iterator]: lines,
    truth: (view = {}) => {
      if (books === null) throw new Error('the truth is known only when all lines have been read')
      return truthOf(books, { source: resolved.truthOf[0] ?? 'metric-records', ...view })
    },
    details: () => {
      if (details === null) throw new Error('details of conversations are kept if the option `details` asks for them')
      if (books === null) throw new Error('details are known only when all lines have been read')
      return details.records()
    },
  }
}

/** Arrivals stop at the end; customers who are present are still served. */
const goesOn = (centre: Centre): boolean => {
  const { cutAtEnd, endMs } = centre.options
  return centre.step(cutAtEnd || centre.openWork === 0 ? endMs - 1 : Infinity)
}

const open = (centre: Centre): void => {
  staff(centre)
  for (const desk of centre.desks) scheduleOwnCalls(centre, desk)
  for (const campaign of centre.roster.campaigns) scheduleDialer(centre, campaign)
  scheduleArrivals(centre)
}

const wire = (centre: Centre): void => {
  centre.wire({
    enterQueue: (customer, queueIndex, mediaType) => {
      enterQueue(centre, customer, queueIndex, mediaType)
    },
    seekAgent: (entry) => {
      seekAgent(centre, entry)
    },
    seekWork: (desk) => {
      seekWork(centre, desk)
    },
    flowOut: (entry) => {
      flowOut(centre, entry)
    },
    abandon: (entry, disconnectType) => {
      abandon(centre, entry, disconnectType)
    },
    alert: (entry, desk) => {
      alert(centre, entry, desk)
    },
    handle: (leg, desk) => {
      handle(centre, leg, desk)
    },
    callBack: (leg, desk) => {
      callBack(centre, leg, desk)
    },
    customerLeaves: (customer, disconnectType) => {
      customerLeaves(centre, customer, disconnectType)
    },
  })
}
