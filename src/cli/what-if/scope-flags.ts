import { ifThere } from '../../log/if-there.js'
import type { Scope } from '../../app/scoped/scope.js'
import type { Logs } from '../../app/pipeline/logs/logs.js'
import { families, familyNames, type FamilyName } from '../../domain/family.js'
import type { Dimension } from '../../domain/dimensions.js'
import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
import { nearNames } from '../../domain/near-names.js'
import { configStream } from '../../domain/stream-name.js'
import { UsageError } from '../command/exit.js'
import { namesOfAll } from '../../app/names.js'

export type ScopeFlags = Readonly<{
  family?: readonly FamilyName[]
  granularity?: readonly Granularity[]
  queue?: string
  agent?: string
  where?: readonly string[]
}>

type Wanted = readonly (readonly [Dimension, string])[]

/** The dimensions that flags name, with their values. Throws `UsageError` for one that no wanted family has. */
export const wantedIn = ({ family, queue, agent, where = [] }: ScopeFlags): Wanted => {
  const pairs = [
    ...(queue === undefined ? [] : [['queueId', queue] as const]),
    ...(agent === undefined ? [] : [['userId', agent] as const]),
    ...where.map((one) => {
      const [, name, value] = /^([^=]+)=(.*)$/.exec(one) ?? []
      if (name === undefined || value === undefined)
        throw new UsageError(`--where takes dimension=value, such as mediaType=voice, not ${one}`)
      return [name, value] as const
    }),
  ]
  const known = [...new Set((family ?? familyNames).flatMap((name) => families[name].dimensions))]
  return pairs.map(([name, value]) => {
    const dimension = known.find((each) => each === name)
    if (dimension !== undefined) return [dimension, value]
    const [near] = nearNames(name, known, 1)
    throw new UsageError(
      `rows of ${family === undefined ? 'no family' : family.join(', ')} have a dimension ${name}; ${near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`}`,
    )
  })
}

/** The scope that flags name. A queue may be named instead of its id. */
export const scopeOf = async (
  flags: ScopeFlags,
  range: Readonly<{ from: EpochMs | undefined; to: EpochMs | undefined }>,
  logs: Logs,
  tenant: string,
): Promise<Scope> => {
  const dimensions: Partial<Record<Dimension, ReadonlySet<string | null>>> = {}
  for (const [name, value] of wantedIn(flags))
    dimensions[name] = new Set(name === 'queueId' ? await idsOf(logs, tenant, value) : [value === '-' ? null : value])
  return {
    ...{ ...range, dimensions },
    ...(flags.family === undefined ? {} : { families: new Set(flags.family) }),
    ...(flags.granularity === undefined ? {} : { granularities: new Set(flags.granularity) }),
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The ids of the queues of this name; of an id, the id. Names are looked up only for what looks like none. */
const idsOf = async (logs: Logs, tenant: string, said: string): Promise<readonly string[]> => {
  if (UUID.test(said)) return [said]
  const raw = await ifThere(() => logs.raw('reader'))
  if (raw === undefined || (await raw.streamRevision(configStream(tenant, 'queue', said))) !== undefined) return [said]
  const named = [...(await namesOfAll(raw, tenant, 'queueId'))].flatMap(([id, name]) =>
    name.toLowerCase() === said.toLowerCase() ? [id] : [],
  )
  return named.length === 0 ? [said] : named
}
