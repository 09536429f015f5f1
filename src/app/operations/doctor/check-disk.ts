import { receivedAtOf } from '../status/waiting.js'
import { diskOf } from '../status/disk.js'
import { ifThere } from '../../../log/if-there.js'
import { rawPrefixes } from '../../../domain/stream-name.js'
import { DAY_MS } from '../../../domain/interval.js'
import { failure, ok, sized, warning, type Check, type Patient } from './check.js'

const GIB = 1024 ** 3
const FREE_FAILURE_BYTES = GIB
const FREE_WARNING_SHARE = 0.1
const DAYS_WARNING = 14

/** How much room there is, and for how long at the rate at which the data folder has grown so far. */
export const checkDisk = async ({ config, logs, now }: Patient): Promise<readonly Check[]> => {
  const disk = await diskOf(config.data)
  if (disk === null) return [ok('disk', 'disk', `${config.data} is not there yet`)]
  const { dataBytes, freeBytes, sizeBytes } = disk
  const raw = await ifThere(() => logs.raw('reader'))
  let first: number | undefined
  if (raw !== undefined)
    for await (const [event] of raw.readAll({ prefixes: rawPrefixes(config.tenant), batchMax: 1 })) {
      first = event === undefined ? undefined : receivedAtOf(event)
      break
    }
  const ageMs = first === undefined ? 0 : now() - first
  const perDay = ageMs < DAY_MS ? undefined : (dataBytes * DAY_MS) / ageMs
  const daysLeft = perDay === undefined || perDay === 0 ? undefined : freeBytes / perDay
  const says =
    `${sized(freeBytes)} of ${sized(sizeBytes)} free; the data folder has ${sized(dataBytes)}` +
    (perDay === undefined ? '' : `, ${sized(perDay)} more a day`) +
    (daysLeft !== undefined && daysLeft < 3_650 ? `: room for ${Math.floor(daysLeft)} days` : '')
  const mend = 'give the data folder a larger disk, or streamvane projections retire what is not needed'
  if (freeBytes < FREE_FAILURE_BYTES) return [failure('disk', 'disk', says, mend)]
  return freeBytes < FREE_WARNING_SHARE * sizeBytes || (daysLeft !== undefined && daysLeft < DAYS_WARNING)
    ? [warning('disk', 'disk', says, mend)]
    : [ok('disk', 'disk', says)]
}
