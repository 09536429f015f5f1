import { frontierIn, readClock } from '../../../ingress/clock.js'
import { ifThere } from '../../../log/if-there.js'
import { kafkaSinks } from '../../config/sinks/egress-sinks.js'
import { failure, lasting, ok, warning, type Check, type Patient } from './check.js'

const SKEW_WARNING_MS = 5_000
const SKEW_FAILURE_MS = 60_000
/** Ticks that are looked through for jumps, from the last back. */
const TICKS = 1_000

/** The clock of the log against the machine's, and the machine's against those of servers. */
export const checkClock = async ({ config, logs, now }: Patient): Promise<readonly Check[]> => {
  const checks: Check[] = [...(await checkSkew(config, now))]
  const raw = await ifThere(() => logs.raw('reader'))
  const frontier = raw === undefined ? undefined : await frontierIn(raw, config.tenant)
  if (raw === undefined || frontier === undefined)
    return [...checks, warning('clock', 'clock of the log', 'it has never ticked', 'streamvane run')]
  const aheadMs = frontier - now()
  if (aheadMs > config.clock.jumpMaxMs)
    checks.push(
      failure(
        'clock',
        'clock of the log',
        `it is ${lasting(aheadMs)} ahead of this machine; events are too late until then`,
        'streamvane clock take-back',
      ),
    )
  else if (config.clock.mode === 'wall' && -aheadMs > config.clock.jumpMaxMs)
    checks.push(
      warning(
        'clock',
        'clock of the log',
        `it is ${lasting(-aheadMs)} behind this machine: no ingress has ticked since, or ticks are held`,
        'streamvane clock show',
      ),
    )
  else checks.push(ok('clock', 'clock of the log', `at ${new Date(frontier).toISOString()}`))
  let next: number | undefined
  let jumps = 0
  for await (const { kind, at } of readClock(raw, config.tenant, { backwards: true, max: TICKS })) {
    if (kind === 'tick' && next !== undefined && next - at > config.clock.jumpMaxMs) jumps += 1
    next = at
  }
  if (jumps > 0)
    checks.push(
      warning(
        'clock',
        'ticks',
        `${jumps} of the last ${TICKS} ticks jumped by more than ${lasting(config.clock.jumpMaxMs)}: the clock stood still, or was wrong`,
        'streamvane clock show',
      ),
    )
  return checks
}

/** Servers of HTTP say what time it is for them. */
const checkSkew = async (config: Patient['config'], now: () => number): Promise<readonly Check[]> => {
  const urls = new Set(kafkaSinks(config.egress).flatMap(({ settings }) => settings.registry?.url ?? []))
  const checks: Check[] = []
  for (const url of urls) {
    const before = now()
    const date = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(3_000) }).then(
      (response) => response.headers.get('date'),
      () => null,
    )
    const at = date === null ? NaN : Date.parse(date)
    if (Number.isNaN(at)) continue // one that is away is told under registry
    // The header has whole seconds.
    const skewMs = Math.max(0, Math.abs(at + 500 - (before + now()) / 2) - 500)
    const what = 'clock of this machine'
    const says = `${Math.round(skewMs / 1_000)} s from that of the registry`
    checks.push(
      skewMs > SKEW_FAILURE_MS
        ? failure('clock', what, says, 'set the clock of this machine (NTP)')
        : skewMs > SKEW_WARNING_MS
          ? warning('clock', what, says, 'set the clock of this machine (NTP)')
          : ok('clock', what, says),
    )
  }
  return checks
}
