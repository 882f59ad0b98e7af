/**
 * What a failed delivery means for the mail: the server will never accept it (`refused`), it did not accept it now
 * (`not_sent`), or it got the mail and its answer was lost (`unknown`).
 */
type MailFate = 'refused' | 'not_sent' | 'unknown'

/** The mail server did not confirm a mail; `cause` is what it or the connection said. */
export class MailFailed extends Error {
  override readonly name = 'MailFailed'

  constructor(
    readonly fate: MailFate,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** The parts of the mail library's error that tell how far a delivery got. */
interface DeliveryError {
  code?: unknown
  command?: unknown
  responseCode?: unknown
}

/**
 * Tells from an error what happened to a mail.
 * @param handedOver whether the server had asked for the content of the mail
 */
export function fateOf(error: unknown, handedOver: boolean): MailFate {
  const { code, command, responseCode } = error as DeliveryError
  // A refusal of this recipient or content is final; one of us (log-in, sender) is a setting that the operator can correct.
  if (code === 'EENVELOPE' && command === 'API') return 'refused'
  if (typeof responseCode === 'number') {
    return responseCode >= 500 && (command === 'RCPT TO' || command === 'DATA') ? 'refused' : 'not_sent'
  }
  return handedOver ? 'unknown' : 'not_sent'
}
