//! What the audit log records.

crate::text_enum! {
    /// Something that somebody answers for.
    pub enum AuditAction {
        /// The first administrator was made with the set-up token.
        SetUp = "set_up",
        /// A staff user signed in.
        SignedIn = "signed_in",
        /// A staff sign-in failed; the subject is the user when there is one of that login.
        SignInFailed = "sign_in_failed",
        /// All sessions of a user were ended.
        SessionsRevoked = "sessions_revoked",
        /// A password was changed by its owner.
        PasswordChanged = "password_changed",
        /// A password was set by an administrator.
        PasswordReset = "password_reset",
        /// A staff user was made.
        UserCreated = "user_created",
        /// A user may no longer sign in.
        UserBlocked = "user_blocked",
        /// A user may sign in again.
        UserUnblocked = "user_unblocked",
        /// A right was given.
        GrantGiven = "grant_given",
        /// A right was taken.
        GrantRevoked = "grant_revoked",
        /// A pairing code was made.
        PairingCodeMade = "pairing_code_made",
        /// A device was paired.
        DevicePaired = "device_paired",
        /// A change of a funder's budget was entered.
        BudgetProposed = "budget_proposed",
        /// Another person confirmed it.
        BudgetConfirmed = "budget_confirmed",
        /// It was taken back before it counted.
        BudgetWithdrawn = "budget_withdrawn",
        /// Somebody set the number by which they sign in on displays.
        PinSet = "pin_set",
        /// Somebody signed in on a kitchen display.
        DisplaySignedIn = "display_signed_in",
        /// A wrong number was given for them on a kitchen display.
        DisplaySignInFailed = "display_sign_in_failed",
        /// A device was shut out.
        DeviceRevoked = "device_revoked",
        /// A senior was added.
        SeniorCreated = "senior_created",
        /// A senior's record was changed; the detail names the fields.
        SeniorChanged = "senior_changed",
        /// A masked value was shown in the clear; the detail has the reason.
        Revealed = "revealed",
        /// A plan or its route sheet was looked at; the detail says which, and whether addresses and phones were in the clear.
        PlanSeen = "plan_seen",
        /// A client was linked to the senior they are.
        SeniorLinked = "senior_linked",
        /// That link was taken.
        SeniorUnlinked = "senior_unlinked",
        /// A fact was added.
        FactAdded = "fact_added",
        /// A fact was given an end.
        FactEnded = "fact_ended",
        /// A diet was replaced.
        DietChanged = "diet_changed",
        /// A family member was bound, with the consent's kind and reference.
        BindingMade = "binding_made",
        /// What a binding says was changed by an imported file; the detail has its scopes and the new consent.
        BindingChanged = "binding_changed",
        /// A binding was ended.
        BindingRevoked = "binding_revoked",
        /// An order was placed, changed or cancelled after its cut-off, beyond the delivery area or against a diet; the detail says
        /// which, and why.
        OrderedByException = "ordered_by_exception",
        /// A file was imported; the detail has the table and the counts.
        Imported = "imported",
        /// A file was taken out again before anybody saw its rows: what it had recorded did not come to be.
        ImportUndone = "import_undone",
        /// A canteen, dish or menu was made or changed by hand; the detail says which.
        CatalogueChanged = "catalogue_changed",
        /// A table was exported; the detail says which, and whether masked.
        Exported = "exported",
        /// A policy was drafted.
        PolicyDrafted = "policy_drafted",
        /// A draft was approved by a second person.
        PolicyReviewed = "policy_reviewed",
        /// A policy came into force; the detail names the version it superseded.
        PolicyPublished = "policy_published",
        /// A canteen's bank account was entered; the detail has its last four digits.
        PayeeEntered = "payee_entered",
        /// A canteen's bank account was confirmed by a second person.
        PayeeConfirmed = "payee_confirmed",
        /// A settlement was frozen; the detail has payer, period, lines, total and hash.
        SettlementFrozen = "settlement_frozen",
        /// A settlement was reviewed at the street.
        SettlementReviewed = "settlement_reviewed",
        /// A settlement was approved at the district.
        SettlementApproved = "settlement_approved",
        /// A settlement was taken back before its approval; the detail has the reason.
        SettlementWithdrawn = "settlement_withdrawn",
        /// A settlement was shown to the public.
        SettlementPublished = "settlement_published",
        /// Every payment of a settlement has arrived.
        SettlementClosed = "settlement_closed",
        /// A meal comes out differently with what is known now; the detail says why and by how much.
        CorrectionFound = "correction_found",
        /// Somebody said what is to be done about a correction; the detail has the reason.
        CorrectionProposed = "correction_proposed",
        /// Another did not agree; the detail has the reason.
        CorrectionRejected = "correction_rejected",
        /// Another agreed, which did it; or the difference was gone.
        CorrectionDecided = "correction_decided",
        /// Payments were put into a file for the bank.
        PayoutMade = "payout_made",
        /// A payment file, with account numbers in the clear, was given out.
        PayoutExported = "payout_exported",
        /// A returned payment was issued again.
        PaymentReissued = "payment_reissued",
        /// A bank's answer was taken; the detail has its counts.
        BankAnswerTaken = "bank_answer_taken",
        /// A row on the suspense list was settled by a person; the detail has the note.
        SuspenseResolved = "suspense_resolved",
        /// What really goes into a dish of a sitting was confirmed; the detail says how it differs from the recipe.
        IngredientsConfirmed = "ingredients_confirmed",
        /// How many portions a batch came to, or what of it is not eaten, was recorded; the detail says what.
        PortionsRecorded = "portions_recorded",
        /// Whom to call about a senior was named anew; the detail says how many.
        ContactsNamed = "contacts_named",
        /// A case of looking in was opened; the detail says why.
        WelfareOpened = "welfare_opened",
        /// Somebody was told of it, or there was nobody left to tell.
        WelfareClimbed = "welfare_climbed",
        /// Somebody tried to reach the senior; the detail says what came of it.
        WelfareAttempt = "welfare_attempt",
        /// It was closed, with the finding.
        WelfareClosed = "welfare_closed",
        /// A complaint was brought; the detail says of what.
        ComplaintBrought = "complaint_brought",
        /// It was answered, opened again or closed; the detail says which.
        ComplaintMoved = "complaint_moved",
        /// Nobody answered it in time; the detail says who has it now.
        ComplaintRaised = "complaint_raised",
        /// Something was found that does not fit; the detail has the rule, the figure and its limit.
        AnomalyOpened = "anomaly_opened",
        /// More evidence of it was found.
        AnomalyAdded = "anomaly_added",
        /// Somebody took the case; the detail says from whom.
        AnomalyTaken = "anomaly_taken",
        /// It was closed, with the finding.
        AnomalyClosed = "anomaly_closed",
        /// A place set limits of its own; the detail has them with their reason.
        AnomalyTuned = "anomaly_tuned",
        /// A shift was closed: the detail has what there should have been, what was counted and why they differ.
        ShiftClosed = "shift_closed",
        /// Another person confirmed its count.
        ShiftConfirmed = "shift_confirmed",
        /// Cash was given back for an order.
        SelfPayRefunded = "self_pay_refunded",
        /// Somebody said that a senior leaves and gets the rest of a wallet, or that they stay; the detail has the reason.
        WalletLeaving = "wallet_leaving",
        /// The rest of a wallet was paid out by another.
        WalletPaidOut = "wallet_paid_out",
        /// A sponsor was entered, or bears a senior's self-pay, or does no longer; the detail says which.
        SponsorNamed = "sponsor_named",
        /// A sponsor's bill was frozen; the detail has its month, lines and total.
        BillFrozen = "bill_frozen",
        /// A sponsor's bill was paid; the detail has the bank's number.
        BillPaid = "bill_paid",
        /// A dead letter was sent on its way again.
        JobRevived = "job_revived",
    }
}
