import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findingsOf, type Finding } from './finding.js'

type Amiss = Omit<Finding, 'area'>
type Reach = Readonly<{ group: boolean; others: boolean }>

const [GROUP, OTHERS] = [0o070, 0o007]
const [GROUP_ENTERS, OTHERS_ENTER] = [0o010, 0o001]
/** So many are named; of a log that was made with other rights there may be thousands. */
const NAMED_MAX = 5

/**
 * Which files of the data folder, and of keys, others than their owner can reach: raw events are personal data. What lies
 * in a folder that they cannot enter, they cannot reach.
 */
export const checkFiles = async (data: string, keys: readonly string[]): Promise<readonly Finding[]> => {
  const reached: Readonly<{ path: string; reach: Reach }>[] = []
  await walk(data, { group: true, others: true }, (path, reach) => void reached.push({ path, reach }))
  for (const path of keys) {
    const mode = await lstat(path).then(
      (found) => (found.isSymbolicLink() ? 0 : found.mode), // rights are those of its target, which Kubernetes sets
      () => 0,
    )
    if ((mode & OTHERS) !== 0) reached.push({ path, reach: { group: false, others: true } })
  }
  const amissOf = (whose: 'group' | 'others', state: Finding['state']): readonly Amiss[] => {
    const paths = reached.filter(({ reach }) => reach[whose]).map(({ path }) => path)
    if (paths.length === 0) return []
    const who = whose === 'group' ? 'their group' : 'every user of this machine'
    return [
      {
        ...{ what: whose, state, says: `${listed(paths)} can be reached by ${who}` },
        mend: `chmod -R ${whose === 'group' ? 'g' : 'o'}-rwx ${paths[0] as string}`,
      },
    ]
  }
  return findingsOf('files', `nobody but the owner of ${data} reaches what is in it`, [
    ...amissOf('others', 'failure'),
    ...amissOf('group', 'warning'),
  ])
}

const listed = (paths: readonly string[]): string =>
  paths.slice(0, NAMED_MAX).join(', ') + (paths.length > NAMED_MAX ? ` and ${paths.length - NAMED_MAX} more` : '')

const walk = async (path: string, above: Reach, found: (path: string, reach: Reach) => void): Promise<void> => {
  const stats = await lstat(path).catch(() => undefined) // it went meanwhile
  if (stats === undefined || stats.isSymbolicLink()) return
  const { mode } = stats
  const reach = { group: above.group && (mode & GROUP) !== 0, others: above.others && (mode & OTHERS) !== 0 }
  if (reach.group || reach.others) found(path, reach)
  if (!stats.isDirectory()) return
  const inside = {
    group: above.group && (mode & GROUP_ENTERS) !== 0,
    others: above.others && (mode & OTHERS_ENTER) !== 0,
  }
  if (!inside.group && !inside.others) return
  for (const name of await readdir(path)) await walk(join(path, name), inside, found)
}
