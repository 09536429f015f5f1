import { expect, test } from 'vitest'
import { disconnectType, mediaType, systemPresence, upperSnake } from '../../../src/ingress/decode/spelling.js'

test.each([
  // detail events, metric records, detail records, snapshots
  ['CONSULT_TRANSFER', ['CONSULT_TRANSFER', 'consultTransfer', 'transfer.consult']],
  ['CONFERENCE_TRANSFER', ['CONFERENCE_TRANSFER', 'conferenceTransfer', 'transfer.conference']],
  ['FORWARD_TRANSFER', ['FORWARD_TRANSFER', 'forwardTransfer', 'transfer.forward']],
  ['NO_ANSWER_TRANSFER', ['NO_ANSWER_TRANSFER', 'noAnswerTransfer', 'transfer.noanswer']],
  ['NOT_AVAILABLE_TRANSFER', ['NOT_AVAILABLE_TRANSFER', 'notAvailableTransfer', 'transfer.notavailable']],
  ['DND_ENDPOINT', ['DND_ENDPOINT', 'endpointDnd', 'dndEndpoint', 'endpoint.dnd']],
  ['DND_TRANSFER', ['DND_TRANSFER', 'transferDnd', 'dndTransfer', 'transfer.dnd']],
  ['TRANSPORT_FAILURE', ['TRANSPORT_FAILURE', 'transportFailure', 'transport.failure']],
  ['SESSION_EXPIRED', ['SESSION_EXPIRED', 'sessionExpired', 'session.expired']],
  ['TRANSFER', ['TRANSFER', 'transfer']],
  ['PEER', ['PEER', 'peer']],
  ['UNKNOWN', [undefined, null, '', 7]],
])('disconnect type %s however it is spelled', (word, spellings) => {
  expect(spellings.map(disconnectType)).toEqual(spellings.map(() => word))
})

test('media types are spelled as in metric records', () => {
  expect(['VOICE', 'voice', 'INTERNALMESSAGE', 'Hologram', null].map(mediaType)).toEqual([
    'voice',
    'voice',
    'internalmessage',
    'hologram',
    'unknown',
  ])
})

test('system presences have one spelling', () => {
  for (const spelling of ['On Queue', 'OnQueue', 'onQueue', 'ONQUEUE', 'ON_QUEUE', 'on_queue', 'on queue'])
    expect(systemPresence(spelling)).toBe('ON_QUEUE')
  expect(['Available', 'AVAILABLE', 'Break'].map(systemPresence)).toEqual(['AVAILABLE', 'AVAILABLE', 'BREAK'])
})

test('an unknown word keeps its letters, so that two different words stay different', () => {
  expect(['Réunion', 'Rèunion', 'coffeeBreak2go', '会議'].map(upperSnake)).toEqual([
    'RÉUNION',
    'RÈUNION',
    'COFFEE_BREAK2GO',
    '会議',
  ])
})
