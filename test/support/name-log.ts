import fc from 'fast-check'
import { erase } from '../../src/app/operations/erase.js'
import { storeSettings, type Configured } from '../../src/app/operations/imports/import-configuration.js'
import { configStream } from '../../src/domain/stream-name.js'
import type { EventLog } from '../../src/log/event-log.js'

export const TENANT = 't'

export const BEGIN = Date.UTC(2026, 0, 5)

/** Something that happens to the name of a queue or a user. */
export type NameStep = Readonly<{
  what: 'named' | 'configured' | 'gone' | 'back' | 'erased'
  kind: 'queue' | 'user'
  id: string
  name: string
}>

export const anyNameSteps = fc.array(
  fc.record<NameStep>({
    what: fc.constantFrom('named', 'named', 'configured', 'gone', 'back', 'erased'),
    kind: fc.constantFrom('queue', 'user'),
    id: fc.constantFrom('1', '2', '3'),
    name: fc.constantFrom('Sales', 'Service', 'Ana'),
  }),
  { minLength: 1, maxLength: 25 },
)

/** Appends what a step means, `number` milliseconds behind the beginning; a stream that was erased takes nothing more. */
export const take = async (raw: EventLog, { what, kind, id, name }: NameStep, number: number): Promise<void> => {
  const at = BEGIN + number
  if (what === 'erased') {
    const options = { raw, tenant: TENANT, stream: configStream(TENANT, kind, id), entityId: id, dryRun: false }
    await erase({ ...options, now: () => at, deadLetters: async function* () {} })
    return
  }
  const named = { type: 'ObjectNamed', kind, objectId: id, at } as const
  const facts: Readonly<Record<Exclude<NameStep['what'], 'erased'>, Configured>> = {
    named: { ...named, name, gone: false },
    configured:
      kind === 'queue'
        ? { type: 'QueueConfigured', queueId: id, at, name, serviceLevel: {}, acw: null }
        : { ...named, name, gone: false },
    gone: { ...named, name: kind === 'queue' ? null : name, gone: true },
    back: { ...named, name: kind === 'queue' ? null : name, gone: false },
  }
  await storeSettings(raw, [facts[what]], { tenant: TENANT, source: 'test', now: at })
}

/** What each object is called at the end, computed without the log: `kind/id` → name. */
export const namesAfter = (steps: readonly NameStep[]): Readonly<Record<string, string>> => {
  const objects = new Map<string, { name?: string; isGone: boolean; isErased: boolean }>()
  for (const { what, kind, id, name } of steps) {
    const key = `${kind}/${id}`
    const object = objects.get(key) ?? { isGone: false, isErased: false }
    if (what === 'erased') {
      object.isErased = objects.has(key) // there is nothing to erase before something was stored
      continue
    }
    objects.set(key, object)
    if (what === 'named' || what === 'configured' || kind === 'user') object.name = name
    if (what !== 'configured' || kind === 'user') object.isGone = what === 'gone'
  }
  return Object.fromEntries(
    [...objects].flatMap(([key, { name, isGone, isErased }]) =>
      name === undefined || isGone || isErased ? [] : [[key, name]],
    ),
  )
}
