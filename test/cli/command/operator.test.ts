import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { operatorOf } from '../../../src/cli/command/operator.js'

test('the operator is the one of --by, else of STREAMVANE_OPERATOR, else the user of the system', () => {
  const env = { STREAMVANE_OPERATOR: 'ops@example.org' }
  expect(operatorOf({ by: 'ana' }, env)).toEqual({ by: 'ana' })
  expect(operatorOf({ by: ' ' }, env)).toEqual({ by: 'ops@example.org' })
  expect(operatorOf({}, {})).toEqual({ by: userInfo().username })
})

test('a reason of blanks is none', () => {
  expect(operatorOf({ by: 'ana', why: '  ' }, {})).toEqual({ by: 'ana' })
  expect(operatorOf({ by: 'ana', why: ' restored ' }, {})).toEqual({ by: 'ana', why: 'restored' })
})
