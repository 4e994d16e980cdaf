//! A bank's answer to a payment file.

use super::as_read;
use crate::number::PaidYuan;
use crate::schema::SheetName::Called;
use crate::schema::table;
use crate::text::Text;
use domain::settlement::payee::AccountNumber;
use domain::settlement::payment::BankResult;

table! {
    /// What became of one payment. No two rows are taken for one because they look alike: equal amounts of a day are many.
    BankAnswerRow of Called { zh: "银行回单", en: "bank_answer" }, unique [], agree None, finish as_read;
    /// The number that the payment file gave.
    payment: Text<64> = "付款编号", "pay_00000000000000000000000000000001", "付款文件中的编号，原样带回", "as in the payment file";
    /// Who holds the account.
    holder: Text<120> = "收款户名", "暖阳餐饮服务有限公司", "", "";
    /// The account.
    account: AccountNumber = "收款账号", "6222021001116245702", "该列须设为文本", "format the column as text";
    /// How much.
    amount_yuan: PaidYuan = "金额（元）", "1204.50", "", "";
    /// Whether it arrived.
    result: BankResult = "结果", "成功", "", "";
    /// The bank's own number of the transaction.
    reference: Text<64> = "交易流水号", "20261203000000123", "银行给出的唯一流水号", "the bank's own number";
    /// In the bank's words.
    reason: Option<Text<200>> = "原因", "账号户名不符", "成功时留空", "empty when it arrived";
}
