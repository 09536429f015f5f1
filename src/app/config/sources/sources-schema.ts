import { z } from 'zod'
import { sourceKindOf, sourceKinds } from '../../sources/kinds.js'
import type { SourceOf } from '../../sources/source-kind.js'
import { entrySchema } from '../entry-schema.js'
import type { SettingFault } from '../setting-fault.js'

/** What every entry of `sources` says, whatever its kind. */
const ofEverySource = {
  /** Names it in health, status and the origin of its events: stable across restarts. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'lower-case letters, digits, - and _ only, 40 at most')
    .refine((name) => name !== 'http', 'this name belongs to the HTTP ingress'),
}

/** Where raw events come from, beside the HTTP ingress. */
export const sourcesSchema = z.array(entrySchema('source', sourceKinds, ofEverySource)).default([])

export type SourcesConfig = z.infer<typeof sourcesSchema>

/** A source in use. `settings` are those of the kind that `use` names. */
export type SourceSettings = SourceOf<unknown> & Readonly<{ use: string }>

export const sourceSettings = (sources: SourcesConfig): readonly SourceSettings[] =>
  sources.map(({ name, use, ...settings }, index) => ({ name, use, settings, path: `sources.${index}` }))

/** What the sources lack. Paths begin below `sources`. */
export const sourceFaults = (sources: SourcesConfig): readonly SettingFault[] =>
  sources.flatMap((entry, index) => {
    const faults = sourceKindOf(entry.use).faults?.(entry) ?? []
    const isTaken = sources.slice(0, index).some(({ name }) => name === entry.name)
    return [
      ...faults.map((fault) => ({ ...fault, path: [index, ...fault.path] })),
      ...(isTaken ? [{ path: [index, 'name'], message: `another source is named ${entry.name}` }] : []),
    ]
  })
