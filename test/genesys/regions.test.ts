import { expect, test } from 'vitest'
import { hostsOf, regionNames } from '../../src/genesys/regions.js'

test('a region is known by its AWS name and by its domain', () => {
  const frankfurt = { api: 'https://api.mypurecloud.de', login: 'https://login.mypurecloud.de' }
  expect(hostsOf('eu-central-1')).toEqual(frankfurt)
  expect(hostsOf('mypurecloud.de')).toEqual(frankfurt)
  expect(hostsOf('us-west-2')?.api).toBe('https://api.usw2.pure.cloud')
  expect(hostsOf('eu-central-9')).toBeUndefined()
  expect(new Set(regionNames.map((name) => hostsOf(name)?.api)).size).toBe(17)
})
