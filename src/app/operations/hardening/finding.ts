import type { Endpoint } from '../../config/tls-schema.js'

/** What was looked at: the process, its environment, its ports, the files of its folder, or an endpoint. */
export type Subject = 'process' | 'environment' | 'ports' | 'files' | Endpoint

/** One thing that was looked at, as in `Check` of the doctor. `mend`: the setting or command that mends it. */
export type Finding = Readonly<{
  area: Subject
  what: string
  state: 'ok' | 'warning' | 'failure'
  says: string
  mend?: string
}>

/** What is amiss with one subject; where nothing is, one line says so. */
export const findingsOf = (
  area: Subject,
  sound: string,
  amiss: readonly Omit<Finding, 'area'>[],
): readonly Finding[] =>
  amiss.length > 0 ? amiss.map((each) => ({ area, ...each })) : [{ area, what: area, state: 'ok', says: sound }]
