import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { recover } from '../../../contract/kpi-stream/marks.js'
import { kpiStream } from '../../../domain/stream-name.js'
import { factsFolder } from '../../../facts/segment-files.js'
import { readGenerations } from '../../pipeline/generations.js'
import { hasRowIndex, RowIndex } from '../../row-index/row-index.js'
import { bytesIn } from '../status/disk.js'
import { ifThere } from '../../../log/if-there.js'
import { failure, ok, sized, warning, type Check, type Patient } from './check.js'

/** Below this the index of rows is not kept. */
const INDEX_FROM = 50_000

const liveOf = async ({ logs, config: { tenant } }: Patient) => {
  const control = await ifThere(() => logs.control('reader'))
  const live = control === undefined ? undefined : (await readGenerations(control, tenant)).live
  const kpi = live === undefined ? undefined : await ifThere(() => logs.kpi(live, 'reader'))
  return live === undefined || kpi === undefined ? undefined : { live, kpi }
}

/** Facts are derived: without them a rebuild decodes again, which takes longer. */
export const checkFacts = async ({ config: { data, tenant } }: Patient): Promise<readonly Check[]> => {
  const folder = factsFolder(data, tenant)
  const state = await usable(folder)
  if (state === 'none') return [ok('facts', 'facts', 'none are kept; they are made when the log is folded')]
  if (state === 'refused')
    return [failure('facts', 'facts', `${folder} may not be read and written`, `chown it to the user of streamvane`)]
  return [ok('facts', 'facts', `${sized(await bytesIn(folder))} in ${folder}`)]
}

/** A generation without a snapshot folds all of its log again when its projector starts. */
export const checkSnapshots = async (patient: Patient): Promise<readonly Check[]> => {
  const { config } = patient
  const found = await liveOf(patient)
  if (found === undefined) return [ok('snapshots', 'snapshots', 'nothing was computed yet')]
  const file = join(config.data, 'state', `${config.tenant}.${found.live}`)
  const state = await usable(file)
  if (state === 'refused')
    return [
      failure(
        'snapshots',
        `snapshot of ${found.live}`,
        `${file} may not be read and written`,
        'chown it to the user of streamvane',
      ),
    ]
  if (state === 'usable') return [ok('snapshots', `snapshot of ${found.live}`, `${file} is there`)]
  const { checkpoint } = await recover(found.kpi, config.tenant, found.live)
  return checkpoint === undefined
    ? [ok('snapshots', `snapshot of ${found.live}`, 'none is needed yet')]
    : [
        warning(
          'snapshots',
          `snapshot of ${found.live}`,
          'there is none here: the next start of the projector folds the whole log again',
          'streamvane run makes one',
        ),
      ]
}

/** The index of rows is derived: without it questions about a range read the whole stream. */
export const checkIndex = async (patient: Patient): Promise<readonly Check[]> => {
  const { config } = patient
  const found = await liveOf(patient)
  if (found === undefined) return [ok('index', 'row index', 'nothing was computed yet')]
  const of = { kpi: found.kpi, tenant: config.tenant, generation: found.live, data: config.data }
  const last = (await found.kpi.streamRevision(kpiStream(config.tenant, found.live))) ?? -1
  if (!hasRowIndex(of))
    return last < INDEX_FROM
      ? [ok('index', 'row index', `not needed for ${last + 1} events`)]
      : [
          warning(
            'index',
            'row index',
            'there is none: the next question about rows makes it',
            `streamvane rows --family queue --from ${new Date().toISOString().slice(0, 10)}`,
          ),
        ]
  const index = await RowIndex.open(of)
  try {
    const behind = last - index.through
    return [
      ok(
        'index',
        'row index',
        behind === 0 ? 'at the end of its stream' : `${behind} events behind, which questions read beside it`,
      ),
    ]
  } catch (cause) {
    return [
      warning(
        'index',
        'row index',
        `damaged (${(cause as Error).message}); the next question about rows makes it again`,
      ),
    ]
  } finally {
    await index.close()
  }
}

const usable = async (path: string): Promise<'none' | 'refused' | 'usable'> => {
  try {
    await access(path, constants.F_OK)
  } catch {
    return 'none'
  }
  return access(path, constants.R_OK | constants.W_OK).then(
    () => 'usable' as const,
    () => 'refused' as const,
  )
}
