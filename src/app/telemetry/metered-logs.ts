import * as E from 'fp-ts/lib/Either.js'
import type { AppendFailure, EventLog } from '../../log/event-log.js'
import type { LogPart, appendFailures } from '../../telemetry/catalogue.js'
import type { Meters } from '../../telemetry/metrics/meters.js'
import type { Logs } from '../pipeline/logs/logs.js'

/** The parts of the log, with their appends timed and their failures counted. Reads are not touched. */
export const meteredLogs = (logs: Logs, meters: Meters): Logs => {
  // A log that is asked for twice stays one: some compare them.
  const metered = new WeakMap<EventLog, EventLog>()
  const meteredLog = (log: EventLog): EventLog => {
    const known = metered.get(log)
    if (known !== undefined) return known
    const made: EventLog = {
      ...log,
      append: async (appends) => {
        const part = partOf(appends[0]?.stream ?? '')
        const beganAt = performance.now()
        const results = await log.append(appends)
        meters.observe('appendDuration', [part], (performance.now() - beganAt) / 1_000)
        for (const result of results)
          if (E.isLeft(result)) meters.add('appendFailures', [part, failureNames[result.left.tag]])
        return results
      },
    }
    metered.set(log, made)
    return made
  }
  const opened = async (log: Promise<EventLog>): Promise<EventLog> => meteredLog(await log)
  return {
    ...logs,
    raw: (mode) => opened(logs.raw(mode)),
    kpi: (generation, mode) => opened(logs.kpi(generation, mode)),
    control: (mode) => opened(logs.control(mode)),
    publications: (sink, mode) => opened(logs.publications(sink, mode)),
    points: (generation) => opened(logs.points(generation)),
    changingControl: (work) => logs.changingControl((log) => work(meteredLog(log))),
    changingAudit: (work) => logs.changingAudit((log) => work(meteredLog(log))),
  }
}

const failureNames: Readonly<Record<AppendFailure['tag'], (typeof appendFailures)[number]>> = {
  WrongExpectedRevision: 'wrong-expected-revision',
  NotAvailable: 'not-available',
  TooLarge: 'too-large',
  Refused: 'refused',
}

/** The part of the log that a stream is in. Where all parts are one log, only the name of the stream tells. */
const partOf = (stream: string): LogPart => {
  const name = stream.slice(stream.indexOf('.') + 1)
  if (/^[0-3][0-9a-f]\.|^(config-|clock$|deadletter$)/.test(name)) return 'raw'
  const [first = ''] = name.split('-', 1)
  return first === 'kpi' || first === 'points' || first === 'publications' || first === 'audit' ? first : 'control'
}
