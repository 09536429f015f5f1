import type { ConfigurationFact } from '../domain/fact.js'
import type { EpochMs } from '../domain/interval.js'
import type { Profile } from '../domain/profile.js'
import type { Row } from '../domain/row.js'
import { configStream } from '../domain/stream-name.js'
import type { EventLog } from '../log/event-log.js'
import { Settings, type Rendering } from '../projections/settings.js'
import type { Generation } from './pipeline/generations.js'
import { layerOf } from './pipeline/projector/generation-projection.js'
import { settingsIn } from './operations/imports/import-configuration.js'

/** How the rows of a generation are rendered by what is known now: formulas, options and profiles. */
export type Renderings = Readonly<{
  of: (row: Row) => Rendering
  profileAt: (at: EpochMs) => Profile
  /** All profiles that some row may have been rendered with. */
  profiles: readonly Profile[]
}>

/** Reads the profiles and the settings of the organisation in the raw log. `frontier` says which are in force. */
export const readRenderings = async (
  raw: EventLog | undefined,
  tenant: string,
  generation: Generation,
  frontier: EpochMs | undefined,
): Promise<Renderings> => {
  const facts = raw === undefined ? [] : await settingsOfAll(raw, tenant)
  const byLayer = new Map<Generation, Settings>()
  const settingsOf = (layer: Generation): Settings => {
    let settings = byLayer.get(layer)
    if (settings === undefined) {
      settings = new Settings(layer.profile)
      for (const fact of facts) settings.learn(fact, frontier ?? null)
      byLayer.set(layer, settings)
    }
    return settings
  }
  const own = settingsOf(generation)
  const published = facts.flatMap((fact) => (fact.type === 'ProfilePublished' ? [fact.profile] : []))
  return {
    of: (row) => {
      const settings = settingsOf(layerOf(generation, row))
      return settings.rendering(row.family, row.start, settings.version)
    },
    profileAt: (at) => own.profileAt(at),
    profiles: [generation.profile, ...published],
  }
}

const settingsOfAll = async (raw: EventLog, tenant: string): Promise<readonly ConfigurationFact[]> => {
  const placed: { position: bigint; facts: readonly ConfigurationFact[] }[] = []
  const streams = ['organisation', 'profile'].map((kind) => configStream(tenant, kind, ''))
  for await (const batch of raw.readStreams(streams))
    for (const { type, data, position } of batch) placed.push({ position, facts: settingsIn(type, data) })
  return placed.sort((a, b) => (a.position < b.position ? -1 : 1)).flatMap(({ facts }) => facts)
}
