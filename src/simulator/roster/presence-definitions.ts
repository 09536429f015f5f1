import type { SeededRandom } from '../random.js'

export type Presence =
  'AVAILABLE' | 'AWAY' | 'BUSY' | 'OFFLINE' | 'ON_QUEUE' | 'MEAL' | 'TRAINING' | 'MEETING' | 'BREAK'

/** A presence as the organisation defined it; several may stand for the same system presence. */
export type PresenceDefinition = Readonly<{ id: string; name: string; systemPresence: Presence }>

const names: readonly (readonly [Presence, readonly string[]])[] = [
  ['AVAILABLE', ['Available']],
  ['AWAY', ['Away']],
  ['BUSY', ['Busy']],
  ['OFFLINE', ['Offline']],
  ['ON_QUEUE', ['On Queue']],
  ['MEAL', ['Meal', 'Canteen']],
  ['TRAINING', ['Training']],
  ['MEETING', ['Meeting', 'One to one']],
  ['BREAK', ['Break', 'Coffee', 'Fresh air']],
]

/** The organisation's presences: each system presence, and some of its own that stand for one. */
export const drawPresences = (random: SeededRandom): readonly PresenceDefinition[] =>
  names.flatMap(([systemPresence, own]) => own.map((name) => ({ id: random.uuid(), name, systemPresence })))
