import { Section } from '#app/components/page.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { CodeBlock } from './code-block.tsx'

interface Reader {
  appUrl: string
  /** The start of a key of the reader's; null without one. */
  keyPrefix: string | null
  isSignedIn: boolean
}

/** What is true for every call. */
export function Introduction({ appUrl, keyPrefix, isSignedIn }: Reader) {
  return (
    <>
      <Section id="authentication" title="Authentication">
        <p>
          Send an API key with each call, in the Authorization header. A key has the scope <code>read</code>, or{' '}
          <code>read</code> and <code>spend</code>. Treat it like a password.
        </p>
        <CodeBlock label="Authorization header">Authorization: Bearer YOUR_API_KEY</CodeBlock>
        <KeyAdvice keyPrefix={keyPrefix} isSignedIn={isSignedIn} />
        <p>
          The API is at <code>{appUrl}/api</code>. For generated clients there is an{' '}
          <a className="link" href="/api/openapi.json">
            OpenAPI 3.1 document
          </a>
          .
        </p>
      </Section>
      <Section id="idempotency" title="Idempotency">
        <p>
          Send an Idempotency-Key with each call that moves credits: a text of your own for the operation, such as the
          number of an order, 1 to 255 visible ASCII characters. If no answer arrives, repeat the call with the same
          key: it is charged once, and the answer has the header Idempotent-Replayed. The same key with another request
          is refused. It is remembered for as long as the account exists.
        </p>
      </Section>
      <Section id="errors" title="Errors">
        <p>
          An error has a status from 400 on and a body with its code and a message for people. Compare the code, not the
          message. A refused spend is 402: its options say what helps and what it costs today. A 503 is safe to repeat
          with the same key.
        </p>
        <CodeBlock label="Body of an error">{ERROR}</CodeBlock>
        <p>
          All codes are in the{' '}
          <a className="link" href="#error-codes">
            list below
          </a>
          .
        </p>
      </Section>
      <Section id="rate-limits" title="Rate limits">
        <p>
          Each answer says what is left: RateLimit-Policy has the number of calls allowed in a number of seconds,
          RateLimit how many remain and for how long. Above the limit the answer is 429, and Retry-After has the seconds
          to wait.
        </p>
        <CodeBlock label="Headers of the rate limit">{RATE_LIMIT}</CodeBlock>
      </Section>
      <Section id="pagination" title="Pagination">
        <p>
          Lists come in pages, the newest first. Send the <code>nextBefore</code> of a page as <code>before</code> to
          get the next one; it is <code>null</code> on the last page. What is added meanwhile moves nothing between
          pages.
        </p>
      </Section>
    </>
  )
}

function KeyAdvice({ keyPrefix, isSignedIn }: Omit<Reader, 'appUrl'>) {
  if (!isSignedIn) {
    return (
      <p>
        <TextLink to="/signup">Sign up</TextLink> or <TextLink to="/login?redirectTo=%2Fdocs%2Fapi">log in</TextLink> to
        create a key.
      </p>
    )
  }
  return (
    <p>
      {keyPrefix ? (
        <>
          In the examples, use your key <code>{keyPrefix}…</code> in place of YOUR_API_KEY. It was shown once; if you no
          longer have it, <TextLink to="/settings/api-keys">create another</TextLink>.
        </>
      ) : (
        <>
          <TextLink to="/settings/api-keys">Create a key</TextLink>, and use it in the examples in place of
          YOUR_API_KEY.
        </>
      )}
    </p>
  )
}

const ERROR = `{
  "error": {
    "code": "insufficient_credits",
    "message": "This needs 24 credits and you have 9.",
    "required": 24,
    "available": 9,
    "options": [
      { "type": "pack", "pack": "500", "credits": 500, "amount": 600, "currency": "usd", "enough": true, "url": "/billing?pack=500" }
    ]
  }
}`

const RATE_LIMIT = `RateLimit-Policy: "default";q=60000;w=60
RateLimit: "default";r=59700;t=41`
