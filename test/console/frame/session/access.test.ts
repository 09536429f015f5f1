import { expect, test } from 'vitest'
import { mayUse, refusalText, rolesWith } from '../../../../src/console/frame/session/access.js'
import { rolesWith as rolesOfServer } from '../../../../src/http/admin/access/roles.js'

test('the console shows to each role what the server lets it do', () => {
  expect(rolesWith).toEqual(rolesOfServer)
})

test('nothing is changed in a read-only console, whatever the role', () => {
  const session = { roles: ['operator', 'auditor'] as const, isReadOnly: true }
  expect([mayUse(session, 'change'), mayUse(session, 'evidence')]).toEqual([false, true])
  expect(refusalText(session, 'change')).toContain('streamvane run --console')
})

test('a refusal names the role that is needed and those that there are', () => {
  const viewer = { roles: ['viewer'] as const, isReadOnly: false }
  expect(mayUse(viewer, 'operations')).toBe(false)
  expect(refusalText(viewer, 'operations')).toBe('This needs the role operator or auditor. You have: viewer.')
})
