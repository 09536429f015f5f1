import { saysSince } from '../status/stage-state.js'
import { statusOf } from '../status/status.js'
import type { StageStatus } from '../status/report.js'
import { failure, lasting, ok, warning, type Check, type Patient } from './check.js'

const LAG_WARNING_MS = 10 * 60_000

/** How far each stage is behind, as `status` says. */
export const checkLag = async (patient: Patient): Promise<readonly Check[]> =>
  (await statusOf(patient)).stages.map(checkOfStage)

const checkOfStage = (status: StageStatus): Check => {
  const { stage, state, lagEvents, lagMs, mend } = status
  const says = saysSince(status)
  const lag = lagEvents === null || lagEvents === 0 ? state : `${state}, ${lagEvents} events wait`
  const text = says === '' ? lag : `${lag}: ${says}`
  if (state === 'stalled' || state === 'refused' || state === 'unreachable')
    return failure('lag', `stage ${stage}`, text, mend ?? 'streamvane status')
  return state === 'behind' && (lagMs ?? 0) > LAG_WARNING_MS
    ? warning('lag', `stage ${stage}`, `${text} for ${lasting(lagMs ?? 0)}`, 'streamvane status --watch')
    : ok('lag', `stage ${stage}`, text)
}
