import { expect, test } from 'vitest'
import { defaultProfile } from '../../src/domain/profile.js'
import { at, emitted, minutes, ticked } from '../support/fact-builders.js'
import { given, rowsOf } from '../support/given.js'

const offered = (time: string) => emitted('nOffered', 1, time, { queue: 'sales' })

test('a row is final once the frontier reaches its end and the grace, not before', () => {
  given()
    .facts(offered('10:05'), ticked('10:19:59.999'))
    .emits('queue sales voice 10:00 provisional 1: nOffered 1')
    .then(ticked('10:20'))
    .emits('queue sales voice 10:00 final 2: nOffered 1')
})

test('a point that arrives within the grace period is part of the final row', () => {
  given()
    .facts(ticked('10:17'), offered('10:05'))
    .emits('queue sales voice 10:00 provisional 1: nOffered 1')
    .then(ticked('10:21'))
    .emits('queue sales voice 10:00 final 2: nOffered 1')
})

test('a point that arrives after the closing restates the row under a higher revision, each time', () => {
  given()
    .facts(offered('10:05'), ticked('10:20'), offered('10:06'))
    .emits('queue sales voice 10:00 corrected 3: nOffered 2')
    .then(offered('10:07'))
    .emits('queue sales voice 10:00 corrected 4: nOffered 3')
})

test('a cell created after its interval closed is a correction from its first revision', () => {
  given().facts(ticked('10:20'), offered('10:05')).emits('queue sales voice 10:00 corrected 1: nOffered 1')
})

test('a row is emitted only when it changed', () => {
  given()
    .facts(offered('10:05'), ticked('10:20'))
    .emits('queue sales voice 10:00 final 2: nOffered 1')
    .then(ticked('10:40'))
    .emitsNothing()
})

test('a batch puts out the last of the revisions that it made', () => {
  given()
    .facts(offered('10:05'), offered('10:06'), offered('10:07'))
    .emits('queue sales voice 10:00 provisional 3: nOffered 3')
})

test('one tick may close many intervals, and leaves those that are open', () => {
  given()
    .facts(offered('10:05'), offered('10:20'), offered('11:05'), ticked('11:00'))
    .emits(
      'queue sales voice 10:00 final 2: nOffered 1',
      'queue sales voice 10:15 final 2: nOffered 1',
      'queue sales voice 11:00 provisional 1: nOffered 1',
    )
})

test('facts other than ticks never move the frontier: an interval stays open until a tick passes it', () => {
  given()
    .facts(offered('10:05'), offered('18:00'))
    .emits('queue sales voice 10:00 provisional 1: nOffered 1', 'queue sales voice 18:00 provisional 1: nOffered 1')
})

test('the profile sets interval and grace', () => {
  given({ intervalMs: minutes(60), graceMs: 0 })
    .facts(offered('10:05'), ticked('10:59:59.999'))
    .emits('queue sales voice 10:00 PT1H provisional 1: nOffered 1')
    .then(ticked('11:00'))
    .emits('queue sales voice 10:00 PT1H final 2: nOffered 1')
})

test('a row names its tenant and the ends of its interval', () => {
  const [row] = rowsOf([offered('10:05')], defaultProfile)
  expect(row).toMatchObject({ tenant: 'acme', start: at('10:00'), end: at('10:15') })
})
