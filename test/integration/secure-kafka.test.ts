import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kafkaIsRequired } from '../../dev/local-kafka/runtime.mjs'
import { lacksForSecureBroker, startSecureBroker, type SecureBroker } from '../support/secure-kafka/secure-broker.js'
import { aclsSuite } from './secure-kafka/acls.suite.js'
import { oauthSuite } from './secure-kafka/oauth.suite.js'
import { rightsSuite } from './secure-kafka/rights.suite.js'
import { rotationSuite } from './secure-kafka/rotation.suite.js'
import { saslSuite } from './secure-kafka/sasl.suite.js'
import { secretsSuite } from './secure-kafka/secrets.suite.js'
import { tlsSuite } from './secure-kafka/tls.suite.js'

/** One broker with a listener for each way to connect serves all of these suites: it takes seconds to start. */
const lacks = await lacksForSecureBroker()

if (lacks === undefined)
  describe('a real broker with TLS, SASL and ACLs', () => {
    let broker: SecureBroker
    beforeAll(async () => {
      broker = await startSecureBroker()
    })
    afterAll(() => broker.stop())
    const started = (): SecureBroker => broker

    tlsSuite(started)
    saslSuite(started)
    oauthSuite(started)
    rightsSuite(started)
    aclsSuite(started)
    rotationSuite(started)
    secretsSuite(started)
  })
else if (kafkaIsRequired()) test('a real broker with TLS, SASL and ACLs', () => expect.fail(lacks))
else
  describe.skip(`a real broker with TLS, SASL and ACLs (skipped: ${lacks})`, () => test('needs a real one', () => {}))
