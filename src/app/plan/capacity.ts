import { loadOf, SECONDS_A_DAY, rawEventBytes } from './load.js'
import { onDisk, onTwoCores, vendor } from './measured.js'
import type { Question } from './question.js'

export type Unit = 'count' | 'per second' | 'bytes' | 'bytes per second' | 'cores' | 'days' | 'seconds'

/** A figure of the plan. `how`: the formula with its numbers; `from`: where those were measured or assumed. */
export type Figure = Readonly<{ name: string; value: number; unit: Unit; how: string; from: From }>

export type From = 'simulated day' | 'measured once, two cores' | 'arithmetic' | 'vendor' | 'rule of thumb'

/** What a section of the plan is about. */
export type Section = Readonly<{ about: string; figures: readonly Figure[] }>

/** The alert StreamvaneDiskFilling fires below this share of free room. */
const FREE_SHARE = 0.15
/** Records a second that one consumer of a partition is trusted with. */
const PER_PARTITION = 1_000
const PARTITIONS = 6
const LATE_HORIZON_DAYS = 7
/** Beside the largest measured peak: other versions of Node, garbage, a console or two. */
const MEMORY_RESERVE = 1.5
const MB = 1_000_000

/** What a contact centre needs: events, room on disk, topics, processes. Pure arithmetic over `measured.ts`. */
export const capacityOf = (question: Question): readonly Section[] => {
  const load = loadOf(question)
  return [
    { about: 'events', figures: eventFigures(question, load) },
    { about: 'data folder', figures: diskFigures(question, load) },
    { about: 'Kafka', figures: kafkaFigures(question, load) },
    { about: 'process', figures: processFigures(question, load) },
    { about: 'Azure units', figures: azureFigures(question, load) },
  ]
}

type Load = ReturnType<typeof loadOf>

const figure = (name: string, value: number, unit: Unit, how: string, from: From): Figure => ({
  name,
  value,
  unit,
  how,
  from,
})

const eventFigures = ({ peakFactor }: Question, { events, published }: Load): readonly Figure[] => [
  figure(
    'events a day',
    events.perDay,
    'count',
    'conversations by medium × events each + states of agents',
    'simulated day',
  ),
  figure('events, mean', events.perDay / SECONDS_A_DAY, 'per second', 'events a day ÷ 86,400', 'arithmetic'),
  figure('events, peak', peak(events.perDay, peakFactor), 'per second', `mean × ${peakFactor}`, 'arithmetic'),
  figure('received a day', events.bytesPerDay, 'bytes', 'events × bytes of each, in envelopes', 'simulated day'),
  figure(
    'records published a day',
    published.perDay,
    'count',
    'conversations and agents × records each, by family',
    'simulated day',
  ),
  figure('records, peak', peak(published.perDay, peakFactor), 'per second', `mean × ${peakFactor}`, 'arithmetic'),
]

const diskFigures = (
  question: Question,
  { events, published, rawLog, facts, kpiLog, publications, grows }: Load,
): readonly Figure[] => {
  const { agents, eventsPerRequest, generations, diskBytes } = question
  const { stateBytesPerAgentDay } = onTwoCores
  const state = agents * stateBytesPerAgentDay * LATE_HORIZON_DAYS
  const bytes = Math.round(rawEventBytes(eventsPerRequest))
  const until = (room: number): number => Math.max(0, (room - state) / grows)
  return [
    figure(
      'raw log a day',
      rawLog,
      'bytes',
      `${Math.round(events.perDay)} events × ${bytes}, ${eventsPerRequest} a request`,
      'simulated day',
    ),
    figure('facts a day', facts, 'bytes', `counted events × ${onDisk.fact}`, 'simulated day'),
    figure(
      'KPI logs a day',
      kpiLog,
      'bytes',
      `${Math.round(published.perDay)} records × ${onDisk.kpiRecord} × ${generations} generations`,
      'simulated day',
    ),
    figure(
      'publications a day',
      publications,
      'bytes',
      `a record a second at most × ${onDisk.publication}`,
      'simulated day',
    ),
    figure(
      'snapshots',
      state,
      'bytes',
      `agents × ${stateBytesPerAgentDay} × ${LATE_HORIZON_DAYS} days of the late horizon`,
      'measured once, two cores',
    ),
    figure('grows a day', grows, 'bytes', 'raw log + facts + KPI logs + publications', 'arithmetic'),
    figure('after a year', grows * 365 + state, 'bytes', 'growth × 365 + snapshots', 'arithmetic'),
    ...(diskBytes === undefined
      ? []
      : [
          figure(
            'days until StreamvaneDiskFilling',
            until(diskBytes * (1 - FREE_SHARE)),
            'days',
            `(disk × ${1 - FREE_SHARE} − snapshots) ÷ growth`,
            'arithmetic',
          ),
          figure('days until the disk is full', until(diskBytes), 'days', '(disk − snapshots) ÷ growth', 'arithmetic'),
        ]),
  ]
}

const kafkaFigures = (question: Question, { topics, published }: Load): readonly Figure[] => {
  const { peakFactor, retentionDays, replication, readers } = question
  const written = peak(published.bytesPerDay, peakFactor)
  return [
    ...topics.map(({ family, perDay, bytesPerDay }) =>
      figure(
        `topic of ${family} a day`,
        bytesPerDay,
        'bytes',
        `${Math.round(perDay)} records with headers, not compressed`,
        'simulated day',
      ),
    ),
    figure(
      'kept on the brokers',
      published.bytesPerDay * retentionDays * replication,
      'bytes',
      `all topics × ${retentionDays} days × ${replication} replicas`,
      'arithmetic',
    ),
    figure('written, peak', written, 'bytes per second', 'records × bytes, peak', 'arithmetic'),
    figure(
      'written by all brokers, peak',
      written * replication,
      'bytes per second',
      `× ${replication} replicas`,
      'arithmetic',
    ),
    figure('read, peak', written * readers, 'bytes per second', `× ${readers} readers`, 'arithmetic'),
    figure(
      'partitions of a topic',
      Math.max(PARTITIONS, ...topics.map(({ perDay }) => Math.ceil(peak(perDay, peakFactor) / PER_PARTITION))),
      'count',
      `${PARTITIONS}, or peak ÷ ${PER_PARTITION} a partition`,
      'rule of thumb',
    ),
  ]
}

const processFigures = ({ agents, peakFactor }: Question, { events }: Load): readonly Figure[] => {
  const { coresIdle, coresPerThousandEvents, memoryMbBase, memoryMbPerAgent, catchUpPerSecond, rebuildPerSecond } =
    onTwoCores
  const busy = coresIdle + (coresPerThousandEvents * peak(events.perDay, peakFactor)) / 1_000
  const memoryMb = memoryMbBase + memoryMbPerAgent * agents
  return [
    figure(
      'cores in use, peak',
      busy,
      'cores',
      `${coresIdle} + ${coresPerThousandEvents} a thousand events/s`,
      'measured once, two cores',
    ),
    figure(
      'cores to give',
      Math.max(2, Math.ceil(busy * 2)),
      'cores',
      'twice that, and two at least: a thread of the engine wants one',
      'rule of thumb',
    ),
    figure(
      'memory, peak',
      memoryMb * MB,
      'bytes',
      `${memoryMbBase} MB + agents × ${memoryMbPerAgent} MB`,
      'measured once, two cores',
    ),
    figure('memory to give', memoryMb * MB * MEMORY_RESERVE, 'bytes', `× ${MEMORY_RESERVE}`, 'rule of thumb'),
    figure(
      'to catch up a day',
      events.perDay / catchUpPerSecond,
      'seconds',
      `events ÷ ${catchUpPerSecond}`,
      'measured once, two cores',
    ),
    figure(
      'to rebuild a month',
      (30 * events.perDay) / rebuildPerSecond,
      'seconds',
      `events ÷ ${rebuildPerSecond}, from facts`,
      'measured once, two cores',
    ),
  ]
}

const azureFigures = ({ peakFactor }: Question, { events, published }: Load): readonly Figure[] => {
  const [bytes, count] = [peak(published.bytesPerDay, peakFactor), peak(published.perDay, peakFactor)]
  const units = Math.max(1, Math.ceil(Math.max(bytes / vendor.eventHubsBytes, count / vendor.eventHubsEvents)))
  const messaging = Math.max(1, Math.ceil(peak(events.bytesPerDay, peakFactor) / vendor.serviceBusBytes))
  return [
    figure('Event Hubs throughput units, rows', units, 'count', 'peak ÷ (1 MB/s or 1,000 events/s)', 'vendor'),
    figure('Service Bus messaging units, events', messaging, 'count', 'peak of received bytes ÷ 4 MB/s', 'vendor'),
  ]
}

const peak = (perDay: number, factor: number): number => (perDay / SECONDS_A_DAY) * factor
