import { describe, expect, test } from 'vitest'
import {
  dimensionDoc,
  dimensionOfWire,
  dimensionsOf,
  isMultiValued,
  noDimensions,
  pointDimensions,
  splits,
} from '../../src/domain/dimensions.js'
import { families } from '../../src/domain/family.js'
import { emitted } from '../support/fact-builders.js'

describe('the table of dimensions', () => {
  test('names the fields of points and the fields of Genesys records', () => {
    expect(pointDimensions.map(({ field, wireField }) => `${field} ${wireField}`)).toEqual([
      'queueId queueId',
      'userId userId',
      'mediaType mediaType',
      'direction direction',
      'messageType messageType',
      'skillIds requestedRoutingSkillIds',
      'languageId requestedLanguageId',
      'wrapUpCode wrapUpCode',
      'flowId flowId',
      'campaignId outboundCampaignId',
      'divisionIds divisionIds',
    ])
  })

  test('answers the dimension by which a query groups, and none for what rows do not have', () => {
    expect(dimensionOfWire('requestedRoutingSkillId')).toBe('skillId')
    expect(dimensionOfWire('outboundCampaignId')).toBe('campaignId')
    expect(dimensionOfWire('skillId')).toBeUndefined()
    expect(dimensionOfWire('constructor')).toBeUndefined()
  })

  test('marks the splits and the dimensions over which rows must not be added', () => {
    expect(splits).toEqual(['direction', 'messageType'])
    expect(pointDimensions.map(({ name }) => name).filter(isMultiValued)).toEqual(['skillId', 'divisionId'])
  })

  test('documents every dimension of every family', () => {
    for (const { dimensions } of Object.values(families))
      for (const dimension of dimensions) expect(dimensionDoc(dimension)).toMatch(/\.$/)
  })

  test('takes the dimensions of a point without its other members', () => {
    const point = emitted('nOffered', 1, '10:05', { queue: 'sales', skillIds: ['spanish'] })
    expect(dimensionsOf(point)).toEqual({
      ...noDimensions,
      mediaType: 'voice',
      queueId: 'sales',
      skillIds: ['spanish'],
    })
  })
})
