import * as fp from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import * as own from '../../src/domain/either.js'

test('an Either is the same value as that of fp-ts, and each asks what the other made', () => {
  expect(own.left('why')).toEqual(fp.left('why'))
  expect(own.right(1)).toEqual(fp.right(1))
  for (const made of [own, fp])
    for (const asked of [own, fp]) {
      expect([asked.isLeft(made.left('why')), asked.isRight(made.left('why'))]).toEqual([true, false])
      expect([asked.isLeft(made.right(1)), asked.isRight(made.right(1))]).toEqual([false, true])
    }
})
