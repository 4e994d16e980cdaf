//! Meal periods and the ways a meal reaches the table.

crate::text_enum! {
    /// The meal of the day (餐次).
    pub enum MealPeriod {
        /// 早餐
        Breakfast = "breakfast",
        /// 午餐
        Lunch = "lunch",
        /// 晚餐
        Dinner = "dinner",
    }
}

impl MealPeriod {
    /// What the period is called on a screen.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Breakfast => "早餐",
            Self::Lunch => "午餐",
            Self::Dinner => "晚餐",
        }
    }
}

crate::text_enum! {
    /// How the meal reaches the senior (供餐方式).
    pub enum Channel {
        /// 堂食: eaten in the canteen.
        DineIn = "dine_in",
        /// 自取: collected.
        PickUp = "pick_up",
        /// 送餐: brought to the door.
        Delivery = "delivery",
    }
}

impl Channel {
    /// What the channel is called on a screen.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::DineIn => "堂食",
            Self::PickUp => "自取",
            Self::Delivery => "送餐",
        }
    }
}
