//! Writes one file of each kind into a folder, to look at: `cargo run -p nuanfan-print --example samples -- /tmp/samples`.

use domain::diet::Texture;
use domain::{Channel, Instant, MealPeriod, ServiceDate};
use print::{Heading, Label, LabelLine, Labels, Paper, RouteStop};
use std::num::NonZeroU32;
use std::path::PathBuf;

fn line(dish: &str, quantity: u32, texture: Texture, exceptions: &[&str]) -> LabelLine {
    LabelLine { dish: dish.into(), quantity, texture, exceptions: exceptions.iter().map(ToString::to_string).collect() }
}

fn heading() -> Option<Heading> {
    Some(Heading {
        canteen: "幸福里社区长者食堂".into(),
        date: ServiceDate::new(2026, 11, 26)?,
        meal: MealPeriod::Lunch,
    })
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    std::fs::create_dir_all(&folder)?;
    let heading = heading().ok_or("date")?;
    let eat_by = Instant::from_civil(heading.date, "13:30:00".parse()?);
    let few = Labels { heading, labels: labels(eat_by) };
    std::fs::write(folder.join("labels.pdf"), few.pdf(Paper::Roll60x40)?)?;
    let many = Labels { labels: few.labels.iter().cycle().take(30).cloned().collect(), ..few };
    std::fs::write(folder.join("labels-a4.pdf"), many.pdf(Paper::A4)?)?;
    Ok(())
}
