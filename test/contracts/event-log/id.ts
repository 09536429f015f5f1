import { describe, expect, test } from 'vitest'
import type { Rig } from './rig.js'

export const idContract = ({ log, another }: Rig): void => {
  describe('id', () => {
    test('the id of a log is a UUID that stays the same, for whoever opens the log', async () => {
      const id = await log.id()
      expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      expect(await log.id()).toBe(id)
      const second = await another()
      expect(await second.id()).toBe(id)
      await second.close()
    })
  })
}
