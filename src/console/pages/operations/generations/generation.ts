import type { Tone } from '../../../components/tone.js'

type Told = Readonly<{ at: string; by?: string; why?: string }>

/** A generation as `GET …/generations` answers it. */
export type Generation = Readonly<{
  name: string
  phase: 'live' | 'complete' | 'incomplete' | 'retired'
  live: boolean
  startedAt: string
  projectionVersion: number
  profile: Readonly<{ id?: string; families?: readonly string[]; zone?: string; points?: string }>
  scoped?: Readonly<{ base: string; scope: unknown }>
  position: string | null
  head: string | null
  bytes: number
  promoted: (Told & Readonly<{ publish: string }>) | null
  retired: Told | null
}>

export type Generations = Readonly<{
  live: string | null
  rollbackTo: string | null
  paused: Told | null
  generations: readonly Generation[]
}>

/** What a promotion, or a rollback, changes (or would change) for consumers. */
export type Switched = Readonly<{
  dryRun: boolean
  from: string | null
  to: string
  promotion: number | null
  differences: readonly Readonly<{
    family: string
    withdrawn: number
    added: number
    changed: number
    same: number
  }>[]
}>

export const phaseTone: Readonly<Record<Generation['phase'], Tone>> = {
  ...{ live: 'good', complete: 'busy', incomplete: 'warn', retired: 'none' },
}

/** How much of the raw log the rows of a generation count, 0 to 1; `undefined` where that says nothing. */
export const doneOf = ({
  position,
  head,
  phase,
}: Pick<Generation, 'position' | 'head' | 'phase'>): number | undefined => {
  if (phase === 'retired' || head === null) return undefined
  return Number(head) === 0 ? 1 : Math.min(1, Number(position ?? 0) / Number(head))
}

/** Operations whose jobs work on generations. */
export const generationJobs: ReadonlySet<string> = new Set([
  ...['rebuild', 'promoteGeneration', 'rollBack', 'retireGeneration', 'resetProjection'],
])

/** A line `dimension=value` each, as the API takes them; or which line is none. */
export const dimensionsIn = (
  text: string,
): Readonly<{ ok: true; value: Readonly<Record<string, string>> }> | Readonly<{ ok: false; line: string }> => {
  const pairs: (readonly [string, string])[] = []
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '') continue
    const [, name, value] = /^(\w+)\s*=\s*(\S.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) return { ok: false, line }
    pairs.push([name, value])
  }
  return { ok: true, value: Object.fromEntries(pairs) }
}

/** The families that the live generation has. */
export const familiesIn = ({ live, generations }: Generations): readonly string[] =>
  generations.find(({ name }) => name === live)?.profile.families ?? []
