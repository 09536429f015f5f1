import { join } from 'node:path'
import { deadLetterStream, kpiStream } from '../../../domain/stream-name.js'
import { writerOf } from '../../../log/embedded/lock/writer-of.js'
import { LogDamaged, NoLog, type EventLog } from '../../../log/event-log.js'
import { PROJECTION_VERSION, readGenerations } from '../../pipeline/generations.js'
import { ifThere } from '../../../log/if-there.js'
import { checkKeys } from './check-keys.js'
import { failure, ok, warning, type Check, type Patient } from './check.js'

/** Places that are read of each part, spread over all of it. */
const SAMPLES = 64
const SAMPLE_EVENTS = 50

/** Opens each part, reads a sample of it, and says who writes it. */
export const checkLog = async (patient: Patient): Promise<readonly Check[]> => {
  const { logs, config } = patient
  const { tenant } = config
  const raw = await ifThere(() => logs.raw('reader'))
  if (raw === undefined)
    return [warning('log', 'raw log', 'there is none yet', 'streamvane run, or streamvane import FILE')]
  const checks: Check[] = [await checkPart(patient, 'raw', raw)]
  const control = await ifThere(() => logs.control('reader'))
  if (control === undefined)
    return [...checks, warning('log', 'generations', 'nothing was computed yet', 'streamvane run --until-caught-up')]
  const { all, live, retired } = await readGenerations(control, tenant)
  for (const { name, projectionVersion } of Object.values(all)) {
    if (retired[name] !== undefined) continue
    try {
      checks.push(await checkPart(patient, `kpi-${name}`, await logs.kpi(name, 'reader'), kpiStream(tenant, name)))
    } catch (cause) {
      if (!(cause instanceof NoLog)) throw cause
      checks.push(
        failure('log', `part kpi-${name}`, cause.message, 'streamvane restore, or streamvane rebuild --promote'),
      )
    }
    if (name === live && projectionVersion !== PROJECTION_VERSION)
      checks.push(
        failure(
          'log',
          `generation ${name}`,
          `computed by version ${projectionVersion} of the projection, this program has version ${PROJECTION_VERSION}`,
          'streamvane rebuild --promote',
        ),
      )
  }
  const letters = ((await raw.streamRevision(deadLetterStream(tenant))) ?? -1) + 1
  if (letters > 0)
    checks.push(warning('log', 'dead letters', `${letters} events could not be used`, 'streamvane deadletter list'))
  return [...checks, ...(await checkKeys(patient))]
}

const checkPart = async ({ config }: Patient, part: string, log: EventLog, stream?: string): Promise<Check> => {
  const what = `part ${part}`
  try {
    const read = stream === undefined ? await sampleAll(log) : await sampleStream(log, stream)
    return ok('log', what, `${read} events read in samples; ${await writerText(config, part)}`)
  } catch (cause) {
    if (!(cause instanceof LogDamaged)) throw cause
    return failure('log', what, cause.message, 'streamvane restore')
  }
}

const sampleAll = async (log: EventLog): Promise<number> => {
  const head = await log.head()
  if (head === undefined) return 0
  let read = 0
  // On a server positions are not numbers of events, and only those that it gave may be asked for: read its beginning.
  const places = log.folder === undefined ? [0n] : samplePlaces(Number(head)).map(BigInt)
  for (const after of places)
    for await (const batch of log.readAll({ after: after === 0n ? undefined : after, batchMax: SAMPLE_EVENTS })) {
      read += batch.length
      break
    }
  return read
}

/** Where samples of so many events begin: spread over all of them, and none overlaps the next. */
const samplePlaces = (events: number): readonly number[] => {
  const samples = Math.min(SAMPLES, Math.ceil(events / SAMPLE_EVENTS))
  return Array.from({ length: samples }, (_, n) => Math.floor((events * n) / samples))
}

const sampleStream = async (log: EventLog, stream: string): Promise<number> => {
  const last = (await log.streamRevision(stream)) ?? -1
  let read = 0
  for (const from of samplePlaces(last + 1))
    for await (const batch of log.readStream(stream, { from, max: SAMPLE_EVENTS })) read += batch.length
  return read
}

const writerText = async ({ log, data }: Patient['config'], part: string): Promise<string> => {
  if (log.kind !== 'embedded') return 'on EventStoreDB'
  const writer = await writerOf(join(data, 'log', part))
  if (writer === undefined) return 'nobody writes it'
  const { owner, pid, host, since, liveness } = writer
  return liveness === 'alive'
    ? `written by ${owner}, pid ${pid} on ${host}`
    : `its writer since ${since}, pid ${pid} on ${host}, is gone; the next one takes its place`
}
