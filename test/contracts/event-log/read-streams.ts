import { describe, expect, test } from 'vitest'
import { eventOf, contents, flatten, stored } from './rig.js'
import type { Rig } from './rig.js'

export const readStreamsContract = ({ log, fresh, append }: Rig): void => {
  describe('readStreams', () => {
    /** What it reads, by stream. */
    const read = async (prefixes: readonly string[]): Promise<Readonly<Record<string, readonly string[]>>> => {
      const found: Record<string, string[]> = {}
      for (const event of await flatten(log.readStreams(prefixes)))
        (found[event.stream] ??= []).push(...contents([event]))
      return found
    }

    test('yields the streams that begin with a prefix, each once, whole and in its order', async () => {
      const prefix = fresh()
      for (let i = 0; i < 30; i++)
        for (const stream of ['config-a', 'config-b', 'config', 'clock', 'configured'])
          stored(await append(prefix + stream, 'any', eventOf(`${stream} ${i}`)))
      const all = (stream: string) => [prefix + stream, Array.from({ length: 30 }, (_, i) => `${stream} ${i}`)] as const
      expect(await read([`${prefix}config-`])).toEqual(Object.fromEntries(['config-a', 'config-b'].map(all)))
      expect(await read([`${prefix}config-`, `${prefix}clock`, `${prefix}config-b`])).toEqual(
        Object.fromEntries(['clock', 'config-a', 'config-b'].map(all)),
      )
      expect(await read([`${prefix}nobody`])).toEqual({})
      expect(await read([])).toEqual({})
    })

    test('takes a prefix as it is, whatever its letters', async () => {
      const prefix = fresh()
      for (const stream of ['ä-1', 'ä-2', 'å-1', '%', '%1', '日本', '\u{1f600}'])
        stored(await append(prefix + stream, 'any', eventOf(stream)))
      const of = async (part: string) => Object.keys(await read([prefix + part])).sort()
      expect(await of('ä')).toEqual([`${prefix}ä-1`, `${prefix}ä-2`])
      expect(await of('%')).toEqual([`${prefix}%`, `${prefix}%1`])
      expect(await of('日')).toEqual([`${prefix}日本`])
      expect(await of('\u{1f600}')).toEqual([`${prefix}\u{1f600}`])
    })

    test('yields what was appended last', async () => {
      const prefix = fresh()
      stored(await append(`${prefix}a`, 'any', eventOf('1')))
      expect(await read([prefix])).toEqual({ [`${prefix}a`]: ['1'] })
      stored(await append(`${prefix}a`, 'any', eventOf('2')))
      stored(await append(`${prefix}b`, 'any', eventOf('3')))
      expect(await read([prefix])).toEqual({ [`${prefix}a`]: ['1', '2'], [`${prefix}b`]: ['3'] })
    })
  })
}
