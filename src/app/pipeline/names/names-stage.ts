import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import type { NameChange } from '../../../contract/name-codec.js'
import { NAMES_MAX, type NamesSink } from '../../../egress/kafka/names-sink.js'
import type { ProgressMismatchCode } from '../../../egress/progress-mismatch.js'
import type { Progress, SinkFailure } from '../../../egress/sink.js'
import type { EventLog, Position } from '../../../log/event-log.js'
import type { Activity } from '../activity.js'
import { watchOwner } from '../egress/owner-watch.js'
import { endOf, type EgressEnd } from '../egress/publishing.js'
import type { PauseGate } from '../pause-gate.js'
import { retrying, type Lost, type RetryOptions } from '../retry.js'
import { NameChanges, namePrefixes, nameStatementOf, type NameStatement } from './name-changes.js'

export type NamesOptions = Readonly<{
  tenant: string
  raw: EventLog
  sink: NamesSink
  /** Mismatches of the progress that the operator accepts: all names are published again then. */
  accepted: readonly ProgressMismatchCode[]
  retry: RetryOptions['backoff']
  random?: RetryOptions['random']
  /** How often it asks whether another has taken over. Default ten seconds. */
  ownerCheckMs?: number
  untilCaughtUp: boolean
  signal: AbortSignal
  gate: PauseGate
  activity?: Activity | undefined
  logger: Logger
  now: () => number
  onPublished?: (changes: number) => void
}>

/** The `generation` in the progress of names, whose `revision` is a position in the raw log. */
const RAW = 'raw'

/**
 * Publishes what the raw log says that objects are called, each change once: its own reader of the log, its own
 * progress, in the same transaction as the names. Every connection folds the statements from the beginning (they are
 * few, and only their streams are read), publishes the changes behind the progress, and goes on with what comes.
 */
export const runNames = (options: NamesOptions): Promise<EgressEnd> => {
  const { sink, retry, random, signal, gate, activity, logger, now } = options
  const retried = { what: `egress ${sink.name}`, backoff: retry, random, signal, gate, activity, logger, now }
  return retrying<EgressEnd>(retried, async (works) => {
    const stated = await readStatements(options)
    const connected = await gate.step(signal, () => sink.connect(signal, progressCheck(options, stated))())
    if (connected === undefined) return { kind: 'stopped' }
    if (E.isLeft(connected)) return endOf(connected.left)
    const after = placeOf(stated, connected.right)
    if (after === undefined && connected.right !== undefined)
      logger.warn({ progress: connected.right }, `egress ${sink.name}: all names are published again`)
    return publish(options, stated, after, works)
  })
}

/** All statements through `head`, in the order of the log. */
type Stated = Readonly<{ logId: string; head: Position | undefined; statements: readonly NameStatement[] }>

const readStatements = async ({ raw, tenant }: NamesOptions): Promise<Stated> => {
  const [logId, head] = [await raw.id(), await raw.head()]
  const statements: NameStatement[] = []
  if (head !== undefined)
    for await (const batch of raw.readStreams(namePrefixes(tenant)))
      for (const event of batch) {
        const statement = event.position > head ? undefined : nameStatementOf(event)
        if (statement !== undefined) statements.push(statement)
      }
  statements.sort((a, b) => (a.position < b.position ? -1 : a.position > b.position ? 1 : 0))
  return { logId, head, statements }
}

const publish = async (
  { tenant, raw, sink, signal, gate, ownerCheckMs, activity, untilCaughtUp, onPublished }: NamesOptions,
  { logId, head, statements }: Stated,
  after: Position | undefined,
  works: () => void,
): Promise<EgressEnd | Lost> => {
  const changes = new NameChanges(tenant)
  for (const statement of statements) changes.forget(statement)
  const owner = watchOwner(
    { sink, signal, gate, onWorking: works, ...(ownerCheckMs !== undefined && { ownerCheckMs }) },
    signal,
  )
  const write = async (some: readonly NameStatement[]): Promise<SinkFailure | 'stopped' | undefined> => {
    let batch: NameChange[] = []
    for (const [place, statement] of some.entries()) {
      const change = changes.apply(statement)
      if (change !== undefined && (after === undefined || statement.position > after)) batch.push(change)
      if (batch.length === 0 || (batch.length < NAMES_MAX && place < some.length - 1)) continue
      activity?.begun()
      const sent = batch
      batch = []
      const written = await gate.step(
        owner.watched,
        sink.write({ changes: sent, progress: progressThrough(logId, statement) }),
      )
      if (written === undefined) return 'stopped'
      if (E.isLeft(written)) return written.left
      activity?.moved()
      works()
      onPublished?.(sent.length)
    }
    return undefined
  }
  const ended = (failure: SinkFailure | 'stopped'): EgressEnd | Lost =>
    failure === 'stopped' ? (owner.lost() ?? { kind: 'stopped' }) : endOf(failure)
  try {
    const failure = await write(statements)
    if (failure !== undefined) return ended(failure)
    for await (const message of raw.subscribe({ after: head, prefixes: namePrefixes(tenant), signal: owner.watched })) {
      if (message.kind === 'events') {
        const failed = await write(message.events.flatMap((event) => nameStatementOf(event) ?? []))
        if (failed !== undefined) return ended(failed)
      }
      if (message.kind !== 'caught-up') continue
      works()
      activity?.caughtUp()
      if (untilCaughtUp) return { kind: 'caught-up' }
    }
    return ended('stopped')
  } finally {
    owner.stop()
  }
}

const progressThrough = (logId: string, { position, id }: NameStatement): Progress => {
  if (position > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error(`position ${position} is no number of the progress`)
  return { generation: RAW, revision: Number(position), logId, eventId: id }
}

/** Behind which position names are to be published; `undefined`: all, because the log does not hold what was published last. */
const placeOf = ({ logId, statements }: Stated, progress: Progress | undefined): Position | undefined => {
  if (progress === undefined || progress.logId !== logId) return undefined
  const position = BigInt(progress.revision)
  const isHeld = statements.some(
    (each) => (each.position === position && each.id === progress.eventId) || isErasedAt(each, position),
  )
  return isHeld ? position : undefined
}

/** Whether the event at the position may have been one of a stream that was erased. */
const isErasedAt = ({ facts }: NameStatement, position: Position): boolean =>
  facts.some(
    (fact) => fact.type === 'StreamErased' && BigInt(fact.from) <= position && position <= BigInt(fact.through),
  )

/** Names of another log do not go over those that are there unless the operator says so. */
const progressCheck =
  ({ sink, accepted }: NamesOptions, { logId }: Stated) =>
  async (progress: Progress | undefined): Promise<E.Either<string, void>> =>
    progress?.logId === undefined || progress.logId === logId || accepted.includes('other-log')
      ? E.right(undefined)
      : E.left(
          `names were published to ${sink.name} from log ${progress.logId}, this is log ${logId}: check the data folder ` +
            `(--data), or the log, and the tenant. Two installations need an egress.kafka.namesTopic and an ` +
            `egress.kafka.transactionalId each. If this log replaces the other one: \`streamvane run --accept-progress ` +
            `other-log\` publishes all of its names`,
        )
