//! Writes one file of each kind into a folder, to look at: `cargo run -p nuanfan-print --example samples -- /tmp/samples`.

use domain::diet::Texture;
use domain::kitchen::{ExceptionGroup, ForWhom};
use domain::{Channel, Fen, Instant, MealPeriod, ServiceDate};
use print::{
    DishPortions, Heading, Label, LabelLine, Labels, LoadSheets, NotCounted, Paper, PartPortions, ProductionSheet, RouteStop,
    StopLoad, TripLoad,
};
use std::num::NonZeroU32;
use std::path::PathBuf;

fn line(dish: &str, quantity: u32, texture: Texture, exceptions: &[&str]) -> LabelLine {
    LabelLine { dish: dish.into(), quantity, texture, exceptions: exceptions.iter().map(ToString::to_string).collect() }
}

fn heading() -> Option<Heading> {
    Some(Heading { canteen: "幸福里社区长者食堂".into(), date: ServiceDate::new(2026, 11, 26)?, meal: MealPeriod::Lunch })
}

fn labels(eat_by: Instant) -> Vec<Label> {
    use Texture::{Pureed, Regular, Soft};
    let plain = Label {
        order_no: 37,
        masked_name: "张*".into(),
        channel: Channel::PickUp,
        stop: None,
        lines: vec![line("红烧肉", 1, Regular, &[]), line("清炒时蔬", 1, Regular, &[]), line("米饭", 2, Regular, &[])],
        eat_by: Some(eat_by),
        link: Some("https://canteen.example.cn/p/7Q2K9X".into()),
        reprint: None,
    };
    let routed = |route: &str, trip, stop| Some(RouteStop { route: route.into(), trip, stop });
    vec![
        plain.clone(),
        Label {
            order_no: 52,
            masked_name: "䶮*".into(),
            channel: Channel::Delivery,
            stop: routed("东线 王师傅", 1, 12),
            lines: vec![
                line("宫保鸡丁", 1, Soft, &["含花生（花生碎）"]),
                line("虾仁蒸蛋", 1, Soft, &["含甲壳类（虾仁）", "含蛋"]),
                line("小米粥", 1, Soft, &[]),
            ],
            reprint: NonZeroU32::new(1),
            ..plain.clone()
        },
        Label {
            order_no: 1208,
            masked_name: "𬭚*".into(),
            channel: Channel::Delivery,
            stop: routed("西线", 2, 3),
            lines: vec![
                line("山药枸杞老母鸡汤配手工荞麦面条与时令蔬菜双拼套餐", 1, Pureed, &["含麸质（荞麦面）"]),
                line("清蒸鲈鱼", 1, Pureed, &["含鱼（鲈鱼）", "少盐（高血压）"]),
                line("蒜蓉西兰花", 1, Pureed, &[]),
                line("番茄牛腩", 1, Soft, &["含大豆（酱油）"]),
                line("米饭", 1, Soft, &[]),
            ],
            reprint: NonZeroU32::new(12),
            ..plain.clone()
        },
        Label { order_no: 6, masked_name: String::new(), channel: Channel::DineIn, link: None, eat_by: None, ..plain.clone() },
        Label {
            order_no: 218,
            masked_name: "欧*".into(),
            lines: vec![
                line("红烧肉", 1, Regular, &[]),
                line("清炒时蔬", 1, Regular, &[]),
                line("麻婆豆腐", 1, Regular, &[]),
                line("紫菜蛋花汤", 1, Regular, &[]),
                line("米饭", 2, Regular, &[]),
            ],
            ..plain
        },
    ]
}

fn group(exceptions: &[&str], numbers: std::ops::Range<i64>) -> ExceptionGroup {
    let people: Vec<ForWhom> =
        numbers.map(|no| ForWhom { no, name: "李*".into(), quantity: if no % 7 == 0 { 2 } else { 1 } }).collect();
    let portions = people.iter().map(|who| u64::from(who.quantity)).sum();
    ExceptionGroup { exceptions: exceptions.iter().map(ToString::to_string).collect(), portions, people }
}

fn production(heading: Heading, printed_at: Instant) -> ProductionSheet {
    let part = |texture, size: Option<&str>, plain, groups| PartPortions { texture, size: size.map(str::to_owned), plain, groups };
    let dishes = (0..5).map(|i| DishPortions {
        dish: ["宫保鸡丁", "红烧肉炖土豆", "山药枸杞老母鸡汤配手工荞麦面条与时令蔬菜双拼套餐", "小米粥", "清蒸鲈鱼"][i].into(),
        parts: vec![
            part(
                Texture::Regular,
                Some("标准"),
                86,
                vec![group(&["含花生（花生碎）"], 12..45), group(&["含大豆（酱油）", "少盐（高血压）"], 70..74)],
            ),
            part(Texture::Soft, None, 31, vec![group(&["含花生（花生碎）", "含麸质（酱油）", "糖尿病：不加糖"], 100..102)]),
            part(Texture::Pureed, Some("小份"), 4, vec![]),
        ],
    });
    let left_out = [("王*", "长期订餐的菜已停售：请联系本人改选其他菜"), ("𬭚*", "补贴资格已到期：请先在档案中续期，再补订")];
    ProductionSheet {
        heading,
        printed_at,
        orders: 163,
        dishes: dishes.collect(),
        left_out: left_out
            .iter()
            .map(|(name, reason)| NotCounted { masked_name: (*name).into(), reason: (*reason).into() })
            .collect(),
    }
}

fn loads(heading: Heading, printed_at: Instant) -> LoadSheets {
    let stop = |i: u32| StopLoad {
        stop: i + 1,
        order_no: i64::from(i) * 37 + 5,
        masked_name: ["张*", "欧*", "䶮*", "𫖮*"][i as usize % 4].into(),
        boxes: 1 + i % 3,
        collect: Fen(i64::from(i % 4) * 350),
        note: ["", "软食；特殊：含花生（花生碎）", "门铃坏了，请打电话；老人听力不好，请多等一会儿，交给本人", "糊状"]
            [i as usize % 4]
            .into(),
    };
    let trip = |courier: &str, trip, n| TripLoad {
        courier: courier.into(),
        trip,
        leaves_at: Some(printed_at.plus_seconds(3_600)),
        stops: (0..n).map(stop).collect(),
    };
    LoadSheets { heading, printed_at, trips: vec![trip("王师傅", 1, 31), trip("李师傅", 2, 4)] }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    std::fs::create_dir_all(&folder)?;
    let heading = heading().ok_or("date")?;
    let eat_by = Instant::from_civil(heading.date, "13:30:00".parse()?);
    let few = Labels { heading, labels: labels(eat_by) };
    std::fs::write(folder.join("labels.pdf"), few.pdf(Paper::Roll60x40)?)?;
    let printed_at = Instant::from_civil(few.heading.date, "09:15:00".parse()?);
    std::fs::write(folder.join("production.pdf"), production(few.heading.clone(), printed_at).pdf()?)?;
    std::fs::write(folder.join("load.pdf"), loads(few.heading.clone(), printed_at).pdf()?)?;
    let many = Labels { labels: few.labels.iter().cycle().take(30).cloned().collect(), ..few };
    std::fs::write(folder.join("labels-a4.pdf"), many.pdf(Paper::A4)?)?;
    Ok(())
}
